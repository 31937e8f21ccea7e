"""The section `matrix` of resolved.yaml."""

from typing import Annotated

from pydantic import Field

from modelmap.plumbing.section import Section


class MatrixSettings(Section):
    """How the log-likelihood matrix is clipped."""

    clip_quantile: Annotated[float, Field(ge=0, lt=1)]
