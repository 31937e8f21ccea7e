"""The section `divergence` of resolved.yaml."""

from typing import Annotated, Literal

from pydantic import Field

from modelmap.plumbing.section import Section


class DivergenceSettings(Section):
    """How KL divergences are estimated, and what is computed from them."""

    estimate: Literal["mixture", "papers"]
    n_neighbours: Annotated[int, Field(ge=1)]
    linkage: Literal["average", "complete", "single"]
    confidence: Annotated[float, Field(ge=0.5, le=0.99)]
