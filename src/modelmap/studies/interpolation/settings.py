"""The section `interpolation` of resolved.yaml."""

from typing import Annotated

from pydantic import Field, field_validator

from modelmap.plumbing.section import Section


class InterpolationSettings(Section):
    """The grid of models between three corners, the texts, and the bootstrap of the texts."""

    seed: int
    n_texts: Annotated[int, Field(ge=4)]
    n_bootstrap: Annotated[int, Field(ge=100)]
    weights: Annotated[list[Annotated[float, Field(ge=0, le=1)]], Field(min_length=2)]

    @field_validator("weights")
    @classmethod
    def _has_the_corners(cls, weights: list[float]) -> list[float]:
        if sorted(set(weights)) != weights or weights[0] != 0 or weights[-1] != 1:
            raise ValueError("must ascend from 0 to 1, since the corners are models of the grid")
        return weights
