"""The sections `resample`, `plan` and `newcomers` of resolved.yaml."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(gt=0, lt=1)]


class Resample(BaseModel):
    """How often texts are resampled, and at which sizes designs are compared."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    n_runs: Annotated[int, Field(ge=2)]
    seed: int
    n_design_runs: Annotated[int, Field(ge=2)]
    unique_shares: Annotated[list[Share], Field(min_length=1)]


class Plan(BaseModel):
    """In which order texts are to be scored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int
    size_measure: Literal["relative", "ls", "kl", "uniform"]
    even_share: Annotated[float, Field(ge=0, le=1)]
    checked_shares: Annotated[list[Share], Field(min_length=1)]
    n_checks: Annotated[int, Field(ge=2)]


class Newcomers(BaseModel):
    """Which models are taken for new, and how many texts they are scored on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    share: Share
    draws: Annotated[float, Field(gt=0)]
    n_runs: Annotated[int, Field(ge=1)]
