"""How often confidence intervals hold the KL of the population texts were drawn from (ours)."""

import numpy as np
import pandas as pd
from scipy.special import ndtri

from modelmap.divergence.interval import intervals
from modelmap.divergence.standard_error import StratifiedDocuments
from modelmap.plumbing.arrays import Indices, Matrix, Vector
from modelmap.studies.coverage.populations import by_document, population, samples, shares
from modelmap.studies.coverage.sample_estimates import SampleEstimates

WITHIN = 0.02
"""Intervals of a pair fail if they hold the truth more or less often than said by more."""
INTERVALS = ("coverage", "coverage_normal", "coverage_by_text")
"""The divergence stage's; the normal one by document; the normal one that takes texts for
independent."""
TRUTH = (
    "the KL over finite populations made of the project's documents, each category with its share "
    "of the texts; over the N texts themselves KL is exact"
)


def some_pairs(n_models: int, max_pairs: int, rng: np.random.Generator) -> Indices:
    """Return all pairs i < j, or a random part of as many as wanted, in order, shape (P, 2)."""
    pairs = np.stack(np.triu_indices(n_models, k=1), axis=1).astype(np.int64)
    if len(pairs) <= max_pairs:
        return pairs
    chosen: Indices = pairs[np.sort(rng.choice(len(pairs), max_pairs, replace=False))]
    return chosen


def one_population(
    coordinates: Matrix,
    stratified: StratifiedDocuments,
    pairs: Indices,
    n_samples: int,
    copies: int,
    confidence: float,
    rng: np.random.Generator,
) -> tuple[Matrix, Vector]:
    """Return means over samples of one population: of each pair (P, 5), of each document (D,).

    Of a pair: how often each of INTERVALS holds the population's KL, how often the first lies
    below it, and the first's width in nats per text. Of a document: how often it is not drawn.
    """
    order, documents = by_document(stratified)
    members = population(documents, copies, rng)
    weights = np.repeat(shares(documents, members), documents.n_texts)
    drawn = samples(documents, members, n_samples, rng)
    estimates, ordered = SampleEstimates(documents, drawn), coordinates[:, order]
    means = [_one_pair(ordered[i] - ordered[j], weights, estimates, confidence) for i, j in pairs]
    there = np.zeros((stratified.n_documents, n_samples), dtype=bool)
    place, sample = np.nonzero(drawn.n_texts)
    there[drawn.documents[place, sample], sample] = True
    return np.array(means), 1 - there.mean(axis=1)


def _one_pair(
    difference: Vector, weights: Vector, estimates: SampleEstimates, confidence: float
) -> list[float]:
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
    """Return for each pair the document with most of the KL's variance, and its share of it."""
    number, share = np.zeros(len(pairs), dtype=np.int64), np.zeros(len(pairs))
    for row, (i, j) in enumerate(pairs):
        terms = np.square(coordinates[i] - coordinates[j])[:, None]
        squares = stratified.variance_terms(terms)[:, 0]
        number[row] = np.argmax(squares)
        share[row] = squares[number[row]] / max(squares.sum(), np.finfo(float).tiny)
    return number, share


def fails(coverage: pd.Series, confidence: float) -> pd.Series:
    """Return which coverages are farther from the level than WITHIN."""
    return (coverage - confidence).abs() > WITHIN + 1e-9


def distribution(coverage: pd.Series, confidence: float) -> dict[str, float]:
    """Return what is told of the coverage over pairs, rounded."""
    return {
        "median": round(float(coverage.median()), 4),
        "percentile_5": round(float(coverage.quantile(0.05)), 4),
        "percentile_95": round(float(coverage.quantile(0.95)), 4),
        "least": round(float(coverage.min()), 4),
        "share_of_pairs_within": round(float((~fails(coverage, confidence)).mean()), 3),
    }


def failing(table: pd.DataFrame, confidence: float) -> dict[str, object]:
    """Return the pairs that fail by name, and the documents that rule them, by how many pairs."""
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
        "failing_by_largest_document": sorted(by_document, key=lambda one: -one["n_pairs"]),
        "failing_pairs": [
            f"{row.model_a}, {row.model_b}: {row.coverage:.3f}" for row in rows.itertuples()
        ],
    }
