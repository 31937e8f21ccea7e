"""The section `divergence` of resolved.yaml."""

from typing import Annotated, Literal

from pydantic import Field

from modelmap.plumbing.section import Section


class DivergenceSettings(Section):
    """How neighbours, clusters and confidence intervals are computed from the KL divergences."""

    n_neighbours: Annotated[int, Field(ge=1)]
    linkage: Literal["average", "complete", "single"]
    confidence: Annotated[float, Field(ge=0.5, le=0.99)]
