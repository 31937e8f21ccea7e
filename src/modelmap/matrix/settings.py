"""The section `matrix` of resolved.yaml."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Matrix(BaseModel):
    """How the log-likelihood matrix is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    clip_quantile: Annotated[float, Field(ge=0, lt=1)]
