"""The section `map` of resolved.yaml."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class MapSettings(BaseModel):
    """How the model map is drawn and judged."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int
    metric: Literal["euclidean", "sqeuclidean"]
    max_perplexity: Annotated[float, Field(gt=0)]
    max_iter: Annotated[int, Field(ge=250)]
    n_near: Annotated[int, Field(ge=1)]
