"""Scores of some texts by a model in memory, without shards and files."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from modelmap.plumbing.arrays import Indices
from modelmap.score.encoded import EncodedTexts, score_table
from modelmap.score.loglik import token_log_likelihoods
from modelmap.score.segment_sums import segment_sums

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def scored_at_once(
    model: "PreTrainedModel",
    encoded: EncodedTexts,
    rows: Sequence[int],
    text_ids: Sequence[int],
    bounds: Sequence[Indices],
    batch_tokens: int,
) -> pd.DataFrame:
    """Return the scores of the texts in `rows` of `encoded`, with the columns of SCORES.

    `text_ids` are the ids of these texts, and `bounds` the bounds of their segments. A forward pass
    takes at most `batch_tokens` tokens, as in `token_log_likelihoods`.
    """
    found = token_log_likelihoods(model, [encoded.sequence(row) for row in rows], batch_tokens)
    segments = [
        segment_sums(tokens, encoded.byte_ends(row), ends)
        for row, tokens, ends in zip(rows, found.tokens, bounds, strict=True)
    ]
    return score_table(encoded, rows, text_ids, found.totals.tolist(), segments)
