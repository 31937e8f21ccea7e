"""The section `figures` of resolved.yaml."""

from typing import Annotated, Literal

from pydantic import Field

from modelmap.plumbing.section import Section


class FiguresSettings(Section):
    """How figures are drawn."""

    formats: Annotated[list[Literal["svg", "png"]], Field(min_length=1)]
    png_dpi: Annotated[int, Field(ge=50, le=600)]
