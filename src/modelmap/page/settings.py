"""The section `page` of resolved.yaml."""

from typing import Annotated

from pydantic import Field

from modelmap.plumbing.section import Section


class PageSettings(Section):
    """How much the interactive map contains."""

    n_kls: Annotated[int, Field(ge=1)]
    n_segment_values: Annotated[int, Field(ge=0)]
