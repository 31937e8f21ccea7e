"""The section `score` of resolved.yaml, and the version of what a score means."""

from typing import Literal

from modelmap.plumbing.section import Section

SCORER_VERSION = 1
"""Raised by hand whenever scores change; part of the identity of every score."""


class ScoreSettings(Section):
    """What a score means, for every model alike.

    rule "own" uses each tokenizer's default special tokens (P1); "prefixed" puts BOS, else EOS,
    before every text, and never twice.
    """

    rule: Literal["own", "prefixed"]
