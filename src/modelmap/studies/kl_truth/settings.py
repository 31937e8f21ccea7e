"""The section `kl_truth` of resolved.yaml."""

from typing import Annotated

from pydantic import Field

from modelmap.plumbing.section import Section


class KlTruthSettings(Section):
    """The number of texts drawn from each model, and the factors by which ratios are judged."""

    seed: int
    n_texts: Annotated[int, Field(ge=2)]
    factors: Annotated[list[Annotated[float, Field(gt=1)]], Field(min_length=1)]
