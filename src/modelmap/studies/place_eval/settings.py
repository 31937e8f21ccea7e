"""The section `place_eval` of resolved.yaml."""

from typing import Annotated

from pydantic import Field

from modelmap.plumbing.section import Section


class PlaceEvalSettings(Section):
    """How many samples of texts are drawn, of which sizes."""

    seed: int
    n_samples: Annotated[int, Field(ge=1)]
    sizes: Annotated[list[Annotated[int, Field(ge=2)]], Field(min_length=1)]
    paper_sizes: Annotated[list[Annotated[int, Field(ge=2)]], Field(min_length=1)]
