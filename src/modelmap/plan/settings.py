"""The section `plan` of resolved.yaml."""

from typing import Annotated

from pydantic import Field

from modelmap.plumbing.section import Section
from modelmap.resample.methods import MethodKey

Share = Annotated[float, Field(gt=0, lt=1)]


class PlanSettings(Section):
    """How the plan is made, and at which shares of the texts its error is measured."""

    seed: int
    size_measure: MethodKey
    even_share: Annotated[float, Field(ge=0, le=1)]
    checked_shares: Annotated[list[Share], Field(min_length=1)]
    n_checks: Annotated[int, Field(ge=2)]
