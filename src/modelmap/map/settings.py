"""The section `map` of resolved.yaml."""

from typing import Annotated, Literal

from pydantic import Field

from modelmap.plumbing.section import Section


class MapSettings(Section):
    """How the model map is computed, and how its quality is measured."""

    seed: int
    metric: Literal["euclidean", "sqeuclidean"]
    algorithm: Literal["exact", "barnes_hut"]
    early_exaggeration: Annotated[float, Field(ge=1)]
    max_perplexity: Annotated[float, Field(ge=1)]
    max_iter: Annotated[int, Field(ge=250)]
    n_near: Annotated[int, Field(ge=1)]
