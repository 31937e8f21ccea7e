"""The section `divergence` of resolved.yaml."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Divergence(BaseModel):
    """What is derived from the pairwise divergences."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    n_neighbours: Annotated[int, Field(ge=1)]
    linkage: Literal["average", "complete", "single"]
    confidence: Annotated[float, Field(ge=0.5, le=0.99)]
