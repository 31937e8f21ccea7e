"""The section `scoring` of resolved.yaml."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Scoring(BaseModel):
    """What a score means, for every model alike.

    rule "own" uses each tokenizer's default special tokens (P1); "prefixed" puts BOS, else EOS,
    before every text, and never twice.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: Literal["own", "prefixed"]
