"""The section `trajectories` of resolved.yaml."""

from typing import Annotated

from pydantic import Field, model_validator

from modelmap.plumbing.section import Section


class TrajectoriesSettings(Section):
    """Which models are trained, and at which steps they are compared with earlier ones."""

    n_runs: Annotated[int, Field(ge=2)]
    steps: Annotated[int, Field(ge=4)]
    n_texts: Annotated[int, Field(ge=2)]
    families: Annotated[list[str], Field(min_length=1)]
    origins: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)]

    @model_validator(mode="after")
    def _origins_leave_lags(self) -> "TrajectoriesSettings":
        if any(origin + 2 > self.steps for origin in self.origins):
            raise ValueError("origins must be at least 2 below steps, for two lags of each")
        return self
