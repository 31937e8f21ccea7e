"""The section `kl_truth` of resolved.yaml."""

from typing import Annotated

from pydantic import Field

from modelmap.plumbing.section import Section

Count = Annotated[int, Field(ge=2)]


class KlTruthSettings(Section):
    """The numbers of texts, and the factors by which ratios are judged."""

    seed: int
    n_texts: Count
    n_natural_texts: Count
    n_pretrained_texts: Count
    continuation_tokens: Annotated[int, Field(ge=1)]
    factors: Annotated[list[Annotated[float, Field(gt=1)]], Field(min_length=1)]
