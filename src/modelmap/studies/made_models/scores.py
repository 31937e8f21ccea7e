"""Scores of models in memory, without files of scores."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from modelmap.divergence.mixture import Floats
from modelmap.matrix.segments import segment_table, wholly_scored
from modelmap.plumbing.arrays import Indices, Vector
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import read_table
from modelmap.score.at_once import scored_at_once
from modelmap.score.loading import encoded_texts
from modelmap.score.rule import Rule
from modelmap.score.settings import PlanSeed
from modelmap.texts.random_order import first_in_random_order
from modelmap.texts.segments import segment_bounds
from modelmap.texts.tables import TEXTS

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

BATCH_TOKENS = 1024


@dataclass(frozen=True)
class Scores:
    """The log-likelihoods of N texts with W segments under one model, in nats."""

    loglik_nats: Vector
    """Shape (N,)."""
    segments_nats: Floats
    """Shape (W,); NaN where a segment is not wholly scored."""


class TextScorer:
    """Scores models of one tokenizer on the same texts, as the stage score does.

    `texts` has the columns of TEXTS, `rule` is that of section score, and `max_length` the most
    tokens that the models read.
    """

    def __init__(
        self,
        tokenizer: "PreTrainedTokenizerBase",
        texts: pd.DataFrame,
        rule: Rule,
        max_length: int,
    ) -> None:
        self._encoded = encoded_texts(tokenizer, texts, rule, max_length)
        self._text_ids = texts["text_id"].tolist()
        self._bounds = [segment_bounds(text) for text in texts["text"]]
        self._first, self._n_bytes = first_and_bytes(texts)

    def scores(self, model: "PreTrainedModel") -> Scores:
        """Return the scores of all texts under a model."""
        table = scored_at_once(
            model,
            self._encoded,
            range(len(self._text_ids)),
            self._text_ids,
            self._bounds,
            BATCH_TOKENS,
        )
        values = np.concatenate(table["segments_nats"].to_list())
        segments = wholly_scored(values, table, self._first, self._n_bytes)
        return Scores(table["loglik_nats"].to_numpy(), segments)


def first_and_bytes(texts: pd.DataFrame) -> tuple[Indices, Indices]:
    """Return the first segment of each text, shape (N,), and the bytes of all, shape (W,)."""
    table = segment_table(texts)
    first: Indices = np.flatnonzero(table["segment"].to_numpy() == 0)
    return first, table["n_bytes"].to_numpy()


def first_texts(layout: Layout, n_texts: int) -> pd.DataFrame:
    """Return the first `n_texts` texts in the random order of the plan, by ascending text_id."""
    texts = read_table(layout.texts, TEXTS)
    ids = first_in_random_order(texts, n_texts, read_section(layout, "plan", PlanSeed).seed)
    return texts[texts["text_id"].isin(ids)].reset_index(drop=True)
