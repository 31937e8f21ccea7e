"""The section `kl_truth` of resolved.yaml."""

from typing import Annotated

from pydantic import Field

from modelmap.plumbing.section import Section


class KlTruthSettings(Section):
    """How the KL between models of one tokenizer is simulated and compared with the estimate."""

    seed: int
    n_texts: Annotated[int, Field(ge=2)]
    factors: Annotated[list[Annotated[float, Field(gt=1)]], Field(min_length=1)]
