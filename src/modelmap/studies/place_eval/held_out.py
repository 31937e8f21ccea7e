"""Placing each known model as if it were new, from samples of the texts (ours)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from modelmap.placing.few_texts import (
    Sample,
    calibrated_widening,
    distances,
    intervals,
    plain,
    tied,
)
from modelmap.placing.verdict import Relations, held_out, outcome, stem, verdict
from modelmap.plumbing.arrays import Indices, Matrix, Vector
from modelmap.plumbing.seeds import named_rng

FEWEST_KNOWN = 3
"""A model is not held out if fewer than these stay known."""
MEASURES = ("plain_square", "square", "coverage", "plain_nearest", "nearest", "nearest_or_tied")
NAMING = ("parent", "parent_or_tied", "statement", "confidence", "is_right")
CASES = ("held_out", "n_texts", "model", *MEASURES, *NAMING)


@dataclass(frozen=True)
class Known:
    """What the study knows of all models: K models, N texts."""

    terms: np.ndarray
    """Shape (N, K, K): the terms of the mixture estimate by text, in nats."""
    n_bytes: np.ndarray
    """Shape (N, K, K)."""
    related: Relations

    @property
    def kl(self) -> Matrix:
        """Return the KLs from all texts, in nats per byte, shape (K, K)."""
        kl: Matrix = self.terms.sum(axis=0) / self.n_bytes.sum(axis=0)
        return kl


def sample_cases(known: Known, sizes: Sequence[int], seed: int, number: int) -> pd.DataFrame:
    """Return one row per held-out model, kind of holding out and size, for one sample of texts.

    Columns are CASES. The texts of a smaller size are among those of a larger one.
    """
    order = named_rng(seed, "place_eval", str(number)).permutation(len(known.terms))
    kl = known.kl
    rows = []
    for size in sizes:
        for kind, model, others in held_out(known.related.families):
            # Equal models have no relative errors.
            if len(others) < FEWEST_KNOWN or not (kl[model, others] > 0).any():
                continue
            sample = held_out_sample(known, kl, order[:size], model, others)
            found = distances(sample).kl
            rows.append(
                (
                    kind,
                    size,
                    known.related.models[model],
                    *_measures(sample, kl[model, others]),
                    *_parent(sample, found, known.related, model, others),
                    *_verdict(sample, found, known.related, model, others),
                )
            )
    return pd.DataFrame(rows, columns=list(CASES))


def held_out_sample(
    known: Known, kl: Matrix, texts: Indices, model: int, others: Indices
) -> Sample:
    """Return the sample of `texts` for a held-out model; `others` are the known models."""
    # Of the held-out model only the sampled texts are read, and its KLs not at all.
    square = np.ix_(texts, others, others)
    return Sample(
        known.terms[texts, model][:, others],
        known.n_bytes[texts, model][:, others],
        known.terms[square],
        known.n_bytes[square],
        kl[np.ix_(others, others)],
        len(texts) / len(known.terms),
    )


def _measures(sample: Sample, truth: Vector) -> tuple[float, float, float, bool, bool, bool]:
    """Return the values of MEASURES for one held-out model, whose KLs are `truth`."""
    found, simple = distances(sample), plain(sample)
    ends = intervals(found, len(sample.terms), calibrated_widening(sample))
    known = truth > 0
    nearest = np.argmin(truth)
    return (
        float(np.square(simple[known] / truth[known] - 1).mean()),
        float(np.square(found.kl[known] / truth[known] - 1).mean()),
        float(((ends[0] <= truth) & (truth <= ends[1])).mean()),
        bool(np.argmin(simple) == nearest),
        bool(np.argmin(found.kl) == nearest),
        bool(tied(sample, found.kl)[nearest]),
    )


def _parent(
    sample: Sample, kl: Vector, related: Relations, model: int, others: Indices
) -> tuple[float, float]:
    """Return 1 if the parent is named, and if it is named or not told apart from the nearest.

    The parent is named if it is the nearest model, or what the nearest model was made from. Merges
    count either parent, since their fine-tunes have the same one. NaN if no parent is known.
    """
    is_parent = related.models[others] == related.parents[model]
    if not is_parent.any():
        return np.nan, np.nan
    nearest = int(others[np.argmin(kl)])
    named = related.models[[nearest, stem(nearest, others, related)]]
    is_named = related.parents[model] in named
    return float(is_named), float(is_named or tied(sample, kl)[is_parent].any())


def _verdict(
    sample: Sample, kl: Vector, related: Relations, model: int, others: Indices
) -> tuple[str, float, float]:
    """Return the verdict, its confidence, and 1 if it is right; empty and NaN without a verdict."""
    found = verdict(sample, kl, related.of(others))
    if found is None:
        return "", np.nan, np.nan
    truth = outcome(model, int(others[np.argmin(kl)]), others, related)
    return found.statement, found.confidence, float(found.statement == truth)
