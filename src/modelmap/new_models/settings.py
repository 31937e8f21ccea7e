"""The section `new_models` of resolved.yaml."""

from typing import Annotated

from pydantic import Field

from modelmap.plumbing.section import Section

Share = Annotated[float, Field(gt=0, lt=1)]


class NewModelsSettings(Section):
    """Which models count as new, and how many draws of texts they are placed by."""

    share: Share
    draws: Annotated[float, Field(gt=0)]
    n_runs: Annotated[int, Field(ge=1)]
