"""Coverage of the confidence intervals in populations whose KL is known (ours).

The population of documents that the project's texts come from is not known. Here the populations
are finite and made of the project's own documents (populations.py), so that the KL over a
population can be computed and compared with the intervals from samples of it. Resampled documents
keep what a normal simulation would lose: heavy tails, and texts that depend on one another.
"""

import numpy as np
import pandas as pd
from scipy.special import ndtri

from modelmap.divergence.interval import intervals
from modelmap.divergence.standard_error import StratifiedDocuments
from modelmap.plumbing.arrays import Indices, Matrix, Vector
from modelmap.studies.coverage.populations import (
    draw_population,
    draw_samples,
    ordered_by_document,
    text_weights,
)
from modelmap.studies.coverage.sample_estimates import SampleEstimates

WITHIN = 0.02
"""Largest difference between a pair's coverage and the confidence level that is acceptable."""
INTERVALS = ("coverage", "coverage_normal", "coverage_by_text")
"""The intervals that are compared: those of the stage divergence; KL +- z SE with the standard
error from documents; KL +- z SE with the standard error that takes texts for independent."""
TRUTH = (
    "the KL over finite populations made of the project's documents, each category with its share "
    "of the texts; over the N texts themselves KL is exact"
)


def sampled_pairs(n_models: int, max_pairs: int, rng: np.random.Generator) -> Indices:
    """Return pairs i < j in ascending order, shape (P, 2).

    Of more than `max_pairs` pairs, `max_pairs` are drawn without replacement.
    """
    pairs = np.stack(np.triu_indices(n_models, k=1), axis=1).astype(np.int64)
    if len(pairs) <= max_pairs:
        return pairs
    chosen: Indices = pairs[np.sort(rng.choice(len(pairs), max_pairs, replace=False))]
    return chosen


def simulate_population(
    coordinates: Matrix,
    stratified: StratifiedDocuments,
    pairs: Indices,
    n_samples: int,
    copies: int,
    confidence: float,
    rng: np.random.Generator,
) -> tuple[Matrix, Vector]:
    """Return means over the samples of one population: of each pair (P, 5), of each document (D,).

    `coordinates` are Q, shape (K, N); `pairs` are positions of models, shape (P, 2). The values of
    a pair are the shares of samples in which each of INTERVALS contains the population's KL, the
    share in which the first interval is below it, and the mean width of the first interval in nats
    per text. The value of a document is the share of samples that it is not in.
    """
    order, documents = ordered_by_document(stratified)
    members = draw_population(documents, copies, rng)
    weights = np.repeat(text_weights(documents, members), documents.n_texts)
    drawn = draw_samples(documents, members, n_samples, rng)
    estimates, ordered = SampleEstimates(documents, drawn), coordinates[:, order]
    means = [_pair_means(ordered[i] - ordered[j], weights, estimates, confidence) for i, j in pairs]
    is_drawn = np.zeros((stratified.n_documents, n_samples), dtype=bool)
    row, sample = np.nonzero(drawn.n_texts)
    is_drawn[drawn.documents[row, sample], sample] = True
    return np.array(means), 1 - is_drawn.mean(axis=1)


def _pair_means(
    difference: Vector, weights: Vector, estimates: SampleEstimates, confidence: float
) -> list[float]:
    """Return the five values of one pair. `weights` are those of the population's texts."""
    # The population's KL: half the weighted variance of the differences.
    truth = (weights @ difference**2 - (weights @ difference) ** 2) / 2
    found = estimates.of(difference)
    low, high = intervals(found.kl, found.errors, confidence)
    miss, quantile = np.abs(found.kl - truth), ndtri((1 + confidence) / 2)
    return [
        float(np.mean(values))
        for values in (
            (low <= truth) & (truth <= high),
            miss <= quantile * found.errors.standard_error,
            miss <= quantile * found.by_text_error,
            high < truth,
            high - low,
        )
    ]


def largest_documents(
    coordinates: Matrix, stratified: StratifiedDocuments, pairs: Indices
) -> tuple[Indices, Vector]:
    """Return for each pair the document with the largest share of the KL's variance, and the share.

    Both have shape (P,). The variance of an estimated KL is a sum over documents, as in
    divergence/standard_error.py; a factor of the terms cancels in the share.
    """
    document, share = np.zeros(len(pairs), dtype=np.int64), np.zeros(len(pairs))
    for row, (i, j) in enumerate(pairs):
        terms = np.square(coordinates[i] - coordinates[j])[:, None]
        variance_terms = stratified.variance_terms(terms)[:, 0]
        document[row] = np.argmax(variance_terms)
        total = max(variance_terms.sum(), np.finfo(float).tiny)
        share[row] = variance_terms[document[row]] / total
    return document, share


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
