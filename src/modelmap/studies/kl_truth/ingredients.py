"""What segments, bounded forms and a text's mean contribute to the estimate of a KL (ours)."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pandas as pd

from modelmap.divergence.kl import LN2
from modelmap.plumbing.arrays import Indices, Values, Vector
from modelmap.score.segment_sums import segment_sums
from modelmap.studies.kl_truth.comparison import PAIR, TRUTHS
from modelmap.studies.kl_truth.drawn import ScoredTokens
from modelmap.studies.kl_truth.summary import agreement, judged
from modelmap.texts.segments import segments

WORD = re.compile(r"\s*\S+(?:\s+\Z)?")
TWO_WORDS = re.compile(r"\s*\S+(?:\s+\S+)?(?:\s+\Z)?")
FACTORS = (1.35, 1.5, 2.0)
MEANS_OUT = (0.0, 0.5, 1.0)


def jensen_shannon(delta: Values) -> Values:
    """Return 4 (ln 2 - H(1 / (1 + e^-Delta))), with the entropy H in nats.

    Its mean over texts from the mixture is 4 times the Jensen-Shannon divergence.
    """
    x = np.abs(delta)
    # With p = 1 / (1 + e^-x): H = ln(1 + e^-x) + (1 - p) x.
    rest = np.exp(-x)
    terms: Values = 4 * (LN2 - np.log1p(rest) - x * rest / (1 + rest))
    return terms


def hellinger(delta: Values) -> Values:
    """Return 4 (1 - 1 / cosh(Delta / 2)), whose mean is 4 times the squared Hellinger distance.

    The mean is that over texts from the mixture; the squared distance is 1 - sum sqrt(p q).
    """
    half = np.exp(-np.abs(delta) / 2)
    terms: Values = 4 * (1 - 2 * half / (1 + half * half))
    return terms


FORMS: Mapping[str, Callable[[Values], Values]] = {
    "tanh": lambda delta: delta * np.tanh(delta / 2),
    "half squares": lambda delta: delta * delta / 2,
    "Jensen-Shannon": jensen_shannon,
    "Hellinger": hellinger,
}
"""Functions of a difference Delta in nats that are Delta^2 / 2 for small ones."""

SEGMENTS: Mapping[str, Callable[[str], list[str]]] = {
    "2 characters": lambda text: [text[i : i + 2] for i in range(0, len(text), 2)],
    "4 characters": lambda text: [text[i : i + 4] for i in range(0, len(text), 4)],
    "segment": segments,
    "word": lambda text: WORD.findall(text) or [text],
    "two words": lambda text: TWO_WORDS.findall(text) or [text],
    "line": lambda text: text.splitlines(keepends=True),
    "text": lambda text: [text],
}
"""Divisions of a text that do not depend on a tokenizer; the pieces joined are the text."""
TOKEN_ENDS = "token"
"""Pieces between ends of tokens that the tokenizers of both models have in common: single tokens
for two models of one tokenizer."""


@dataclass(frozen=True)
class NaturalTexts:
    """Texts of the project, and the tokens of each under each of K models."""

    texts: Sequence[str]
    tokens: Mapping[str, Sequence[ScoredTokens]]
    """By the name of the model."""
    tokenizer: Mapping[str, str]
    """The name of each model's tokenizer."""


def bounds_of(natural: NaturalTexts, name: str, models: Sequence[str]) -> list[Indices]:
    """Return the bytes at which the pieces of each text begin, and the end of the text.

    `name` is one of SEGMENTS, or TOKEN_ENDS, which depend on the tokenizers of `models`.
    """
    if name != TOKEN_ENDS:
        return [_bounds(SEGMENTS[name](text)) for text in natural.texts]
    ends = [[one.ends for one in natural.tokens[model]] for model in models]
    return [reduce(np.intersect1d, of_text) for of_text in zip(*ends, strict=True)]


def _bounds(pieces: Sequence[str]) -> Indices:
    lengths = [len(piece.encode()) for piece in pieces]
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def estimates(natural: NaturalTexts, name: str, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the estimates of pairs in bits per byte, a column for each form and share.

    `name` is as in bounds_of. The share is that of a text's mean difference of log-likelihoods per
    piece, which is taken out of the differences of all pieces of the text.
    """
    first = pairs["model_a"].map(natural.tokenizer)
    second = pairs["model_b"].map(natural.tokenizer)
    both = pd.Series([min(pair) + "\n" + max(pair) for pair in zip(first, second, strict=True)])
    n_bytes = sum(len(text.encode()) for text in natural.texts)
    parts = []
    for _, rows in pairs.groupby(both.to_numpy()):
        bounds = bounds_of(natural, name, [*rows.iloc[0][PAIR]])
        numbers = np.repeat(np.arange(len(bounds)), [len(limits) - 1 for limits in bounds])
        loglik = {
            model: _piece_logliks(natural.tokens[model], bounds)
            for model in pd.unique(rows[PAIR].to_numpy().ravel())
        }
        values = [
            _estimates_of_pair(loglik[a] - loglik[b], numbers)
            for a, b in zip(rows["model_a"], rows["model_b"], strict=True)
        ]
        parts.append(pd.DataFrame(values, index=rows.index) / (n_bytes * LN2))
    return pd.concat(parts).loc[pairs.index]


def _piece_logliks(tokens: Sequence[ScoredTokens], bounds: Sequence[Indices]) -> Vector:
    sums = [
        segment_sums(one.logliks, one.ends, limits)
        for one, limits in zip(tokens, bounds, strict=True)
    ]
    return np.concatenate(sums).astype(float)


def _estimates_of_pair(delta: Vector, texts: Indices) -> dict[tuple[str, float], float]:
    """Return the sums of all forms of the differences in nats; `texts` are their texts."""
    means = (np.bincount(texts, delta) / np.bincount(texts))[texts]
    return {
        (form, share): float(terms(delta - share * means).sum())
        for form, terms in FORMS.items()
        for share in MEANS_OUT
    }


def ingredients_table(natural: NaturalTexts, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the agreement of every combination with each truth, with columns of KL_INGREDIENTS.

    `pairs` has the columns of KL_TRUTH. Combinations in which the estimate of some pair is 0 are
    left out: a whole text less its own mean is 0.
    """
    rows = []
    for name in (TOKEN_ENDS, *SEGMENTS):
        found = estimates(natural, name, pairs)
        for truth, column in TRUTHS.items():
            known = judged(pairs, column)
            rows += [
                {
                    "truth": truth,
                    "segments": name,
                    "form": form,
                    "mean_out": share,
                    **agreement(pairs[column][known].to_numpy(), values[known].to_numpy(), FACTORS),
                }
                for (form, share), values in found.items()
                if known.any() and (values[known] > 0).all()
            ]
    return pd.DataFrame(rows).astype({"rank_correlation": float})


def one_changed(table: pd.DataFrame) -> list[dict[str, object]]:
    """Return the rows that differ from the project's estimate in at most one ingredient."""
    n_changed = sum(
        (table[column] != value).astype(int)
        for column, value in (("segments", "segment"), ("form", "tanh"), ("mean_out", 0.0))
    )
    rows = table[n_changed <= 1].astype(object)
    records: list[dict[str, object]] = rows.where(rows.notna(), None).to_dict("records")
    return records
