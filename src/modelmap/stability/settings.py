"""The section `stability` of resolved.yaml."""

from typing import Annotated

from pydantic import Field, field_validator

from modelmap.plumbing.section import Section
from modelmap.resample.methods import MethodKey


class Setting(Section):
    """A way of resampling texts: the method, and the number of draws as a share of all texts."""

    method: MethodKey
    draws: Annotated[float, Field(gt=0)]

    @property
    def name(self) -> str:
        return f"{self.method}_{self.draws:g}N"

    def n_draws(self, n_texts: int) -> int:
        """Return the number of draws from N texts: at least 2."""
        return max(2, round(self.draws * n_texts))


class StabilitySettings(Section):
    """Which resampled maps are made, and how many for each setting."""

    seed: int
    n_runs: Annotated[int, Field(ge=2)]
    max_iter: Annotated[int, Field(ge=250)]
    settings: Annotated[list[Setting], Field(min_length=1)]

    @field_validator("settings")
    @classmethod
    def _are_different(cls, settings: list[Setting]) -> list[Setting]:
        if len({setting.name for setting in settings}) < len(settings):
            raise ValueError("two settings have the same method and draws")
        return settings
