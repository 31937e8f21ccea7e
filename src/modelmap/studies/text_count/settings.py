"""The section `text_count` of resolved.yaml."""

from typing import Annotated

from pydantic import Field

from modelmap.plumbing.section import Section


class TextCountSettings(Section):
    """The sizes and number of the parts of the texts, and the analysis of each part."""

    seed: int
    shares: Annotated[list[Annotated[float, Field(gt=0, le=1)]], Field(min_length=1)]
    n_parts: Annotated[int, Field(ge=1)]
    n_runs: Annotated[int, Field(ge=2)]
    error: Annotated[float, Field(gt=0)]
    even_share: Annotated[float, Field(ge=0, le=1)]
