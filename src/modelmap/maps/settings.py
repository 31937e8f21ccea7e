"""The sections `map` and `stability` of resolved.yaml."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


class MapSettings(BaseModel):
    """How the model map is drawn and judged."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int
    metric: Literal["euclidean", "sqeuclidean"]
    algorithm: Literal["exact", "barnes_hut"]
    early_exaggeration: Annotated[float, Field(ge=1)]
    max_perplexity: Annotated[float, Field(gt=0)]
    max_iter: Annotated[int, Field(ge=250)]
    n_near: Annotated[int, Field(ge=1)]


class Setting(BaseModel):
    """One way of resampling texts: the method, and the draws as a share of all texts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Literal["uniform", "ls", "kl"]
    draws: Annotated[float, Field(gt=0)]

    @property
    def name(self) -> str:
        return f"{self.method}_{self.draws:g}N"

    def n_draws(self, n_texts: int) -> int:
        """Return the number of draws, 2 or more."""
        return max(2, round(self.draws * n_texts))


class Stability(BaseModel):
    """Which resampled maps are drawn, and how many."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int
    n_runs: Annotated[int, Field(ge=2)]
    max_iter: Annotated[int, Field(ge=250)]
    settings: Annotated[list[Setting], Field(min_length=1)]

    @field_validator("settings")
    @classmethod
    def _named_once(cls, settings: list[Setting]) -> list[Setting]:
        if len({setting.name for setting in settings}) < len(settings):
            raise ValueError("a setting stands twice")
        return settings
