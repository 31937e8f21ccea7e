"""The sections of resolved.yaml that studies read."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator


class KlTruth(BaseModel):
    """How the KL between models of one tokenizer is simulated and compared with the estimate."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int
    n_texts: Annotated[int, Field(ge=2)]
    factors: Annotated[list[Annotated[float, Field(gt=1)]], Field(min_length=1)]


class Coverage(BaseModel):
    """How often confidence intervals hold the KL of populations made from the project's texts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int
    n_populations: Annotated[int, Field(ge=1)]
    copies: Annotated[int, Field(ge=2)]
    n_replications: Annotated[int, Field(ge=2000)]
    max_pairs: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _shared_evenly(self) -> "Coverage":
        if self.n_replications % self.n_populations:
            raise ValueError("n_replications must be a multiple of n_populations")
        return self


class TextCount(BaseModel):
    """Parts of the texts, taken for the whole, and what is asked of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int
    shares: Annotated[list[Annotated[float, Field(gt=0, le=1)]], Field(min_length=1)]
    n_parts: Annotated[int, Field(ge=1)]
    n_runs: Annotated[int, Field(ge=2)]
    error: Annotated[float, Field(gt=0)]
    even_share: Annotated[float, Field(ge=0, le=1)]
