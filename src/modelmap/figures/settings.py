"""The section `figures` of resolved.yaml."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Figures(BaseModel):
    """How figures are drawn."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    formats: Annotated[list[Literal["svg", "png"]], Field(min_length=1)]
    png_dpi: Annotated[int, Field(ge=50, le=600)]
