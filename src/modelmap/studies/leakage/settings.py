"""The section `leakage` of resolved.yaml."""

from typing import Annotated

from pydantic import Field, field_validator

from modelmap.plumbing.section import Section


class LeakageSettings(Section):
    """How models are fine-tuned, what they are scored on, and how signals are judged."""

    seed: int
    n_runs: Annotated[int, Field(ge=1)]
    leaked_share: Annotated[float, Field(gt=0, lt=1)]
    n_texts: Annotated[int, Field(ge=4)]
    false_alarms: Annotated[float, Field(gt=0, lt=1)]
    n_bootstrap: Annotated[int, Field(ge=100)]
    steps: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1)]

    @field_validator("steps")
    @classmethod
    def _ascend(cls, steps: list[int]) -> list[int]:
        if sorted(set(steps)) != steps:
            raise ValueError("must ascend")
        return steps
