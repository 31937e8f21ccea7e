"""The section `score` of resolved.yaml, and the version of the code that computes scores."""

from typing import Literal

from pydantic import BaseModel

from modelmap.plumbing.section import Section

SCORER_VERSION = 4
"""Raised by hand when a change of the code changes scores; part of every score's identity."""


class ScoreSettings(Section):
    """How every model is scored.

    Rule "own" uses each tokenizer's default special tokens, as in Oyama et al. 2025 (ACL). Rule
    "prefixed" puts BOS, or EOS where there is no BOS, before every text, never twice.
    """

    rule: Literal["own", "prefixed"]


class PlanSeed(BaseModel):
    """The key of the section `plan` that the random order of the texts depends on."""

    seed: int
