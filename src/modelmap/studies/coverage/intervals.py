"""Coverage of the confidence intervals in populations whose KL is known (ours).

The population of documents that the project's texts come from is not known. Here the populations
are finite and made of the project's own documents (populations.py), so that the KL over a
population can be computed and compared with the intervals from samples of it. Resampled documents
keep what a normal simulation would lose: heavy tails, and texts that depend on one another.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from modelmap.divergence.interval import intervals
from modelmap.divergence.kl import LN2
from modelmap.divergence.standard_error import StratifiedDocuments
from modelmap.plumbing.arrays import Indices, Mask, Matrix, Vector
from modelmap.studies.coverage.pairs import Pairs
from modelmap.studies.coverage.populations import (
    Sample,
    draw_population,
    draw_sample,
    ordered_by_document,
    text_weights,
)

WITHIN = 0.02
"""Largest difference between a pair's coverage and the confidence level that is acceptable."""
INTERVALS = ("coverage", "coverage_normal", "coverage_by_text")
"""The intervals that are compared: those of the stage divergence; KL +- z SE with the standard
error from documents; KL +- z SE with the standard error that takes texts for independent."""
TRUTH = (
    "the KL over finite populations made of the project's documents, each category with its share "
    "of the texts; over the N texts themselves KL is exact"
)


@dataclass(frozen=True)
class Outcome:
    """Means over samples of populations."""

    pairs: Matrix
    """Shape (P, 5): the shares of samples in which each of INTERVALS contains the population's KL,
    the share in which the first interval is below it, and that interval's mean width in bits per
    byte."""
    parts: Matrix
    """Shape (S, P): the share of samples of which S parts, by number of texts, have an interval
    that contains the population's KL. Intervals are those of the stage divergence."""
    absent: Vector
    """Shape (D,): the share of samples that a document is not in."""


def simulate_population(
    pairs: Pairs,
    stratified: StratifiedDocuments,
    n_samples: int,
    copies: int,
    part_sizes: Sequence[int],
    confidence: float,
    rng: np.random.Generator,
) -> Outcome:
    """Return the means over samples of one population.

    `part_sizes` are numbers of texts. A part of a sample are that many of its texts, drawn at
    random: those on which a model is scored that is not scored on all texts.
    """
    order, documents = ordered_by_document(stratified)
    pairs = pairs.of_texts(order)
    members = draw_population(documents, copies, rng)
    truth = pairs.kl(np.repeat(text_weights(documents, members), documents.n_texts))
    compared, parts = np.zeros((5, len(truth))), np.zeros((len(part_sizes), len(truth)))
    absent = np.full(stratified.n_documents, n_samples, dtype=np.float64)
    for _ in range(n_samples):
        sample = draw_sample(documents, members, rng)
        of_sample = pairs.of_texts(sample.texts)
        compared += _compared(of_sample, sample, truth, confidence)
        ranks = rng.permutation(len(sample.texts))
        for row, size in enumerate(part_sizes):
            parts[row] += _is_contained(of_sample, sample, ranks < size, truth, confidence)
        absent[np.unique(sample.documents)] -= 1
    return Outcome(compared.T / n_samples, parts / n_samples, absent / n_samples)


def _compared(pairs: Pairs, sample: Sample, truth: Vector, confidence: float) -> Matrix:
    """Return the values of a sample whose means are Outcome.pairs, shape (5, P)."""
    found = pairs.estimates(sample.stratified)
    low, high = intervals(found.kl, found.errors, confidence)
    miss, quantile = np.abs(found.kl - truth), ndtri((1 + confidence) / 2)
    n_texts = len(sample.texts)
    by_text = np.sqrt(np.square(found.residuals).sum(axis=0) * n_texts / (n_texts - 1))
    by_text /= pairs.n_bytes.sum(axis=0) * LN2
    return np.array(
        [
            (low <= truth) & (truth <= high),
            miss <= quantile * found.errors.standard_error,
            miss <= quantile * by_text,
            high < truth,
            high - low,
        ],
        dtype=np.float64,
    )


def _is_contained(
    pairs: Pairs, sample: Sample, part: Mask, truth: Vector, confidence: float
) -> Mask:
    """Return whether the intervals from a part of a sample contain the population's KL, (P,).

    `part` is a mask of the sample's texts. A part without an interval, because all of its texts are
    of one document, contains nothing.
    """
    found = pairs.estimates(sample.stratified, part)
    low, high = intervals(found.kl, found.errors, confidence)
    contained: Mask = (low <= truth) & (truth <= high)
    return contained


def largest_documents(pairs: Pairs, stratified: StratifiedDocuments) -> tuple[Indices, Vector]:
    """Return for each pair the document with the largest share of the KL's variance, and the share.

    Both have shape (P,). The variance of an estimated KL is a sum over documents, as in
    divergence/standard_error.py.
    """
    variance_terms = stratified.variance_terms(pairs.estimates(stratified).residuals)
    total = np.maximum(variance_terms.sum(axis=0), np.finfo(float).tiny)
    return variance_terms.argmax(axis=0), variance_terms.max(axis=0) / total


def fails(coverage: pd.Series, confidence: float) -> pd.Series:
    """Return which coverages differ from the confidence level by more than WITHIN."""
    # 0.97 - 0.95 is slightly above 0.02 in floating point, and must not fail.
    return (coverage - confidence).abs() > WITHIN + 1e-9


def distribution(coverage: pd.Series, confidence: float) -> dict[str, float]:
    """Return quantiles of the coverage over pairs, and the share of pairs that do not fail."""
    return {
        "median": round(float(coverage.median()), 4),
        "percentile_5": round(float(coverage.quantile(0.05)), 4),
        "percentile_95": round(float(coverage.quantile(0.95)), 4),
        "least": round(float(coverage.min()), 4),
        "share_of_pairs_within": round(float((~fails(coverage, confidence)).mean()), 3),
    }


def failing_pairs(table: pd.DataFrame, confidence: float) -> dict[str, object]:
    """Return the failing pairs, and the documents with the largest share of their variance.

    `table` has the columns of COVERAGE. Documents are in the order of how many pairs they have.
    """
    rows = table[fails(table["coverage"], confidence)].sort_values("coverage", kind="stable")
    by_document = [
        {
            "document": name,
            "n_pairs": len(own),
            "median_share_of_variance": round(float(own["largest_share"].median()), 3),
            "absent_from_samples": round(float(own["largest_absent"].iloc[0]), 3),
        }
        for name, own in rows.groupby("largest_document")
    ]
    return {
        "n_failing_below": int((rows["coverage"] < confidence).sum()),
        "n_failing_above": int((rows["coverage"] > confidence).sum()),
        "failing_by_largest_document": sorted(by_document, key=lambda row: -row["n_pairs"]),
        "failing_pairs": [
            f"{row.model_a}, {row.model_b}: {row.coverage:.3f}" for row in rows.itertuples()
        ],
    }
