"""The section `resample` of resolved.yaml."""

from typing import Annotated

from pydantic import Field

from modelmap.plumbing.section import Section

Share = Annotated[float, Field(gt=0, lt=1)]


class ResampleSettings(Section):
    """The numbers of runs, and the shares of the texts at which designs are compared."""

    n_runs: Annotated[int, Field(ge=2)]
    seed: int
    n_design_runs: Annotated[int, Field(ge=2)]
    unique_shares: Annotated[list[Share], Field(min_length=1)]
