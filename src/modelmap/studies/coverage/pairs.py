"""Pairs of models with what their estimates are computed from (ours).

Both estimates are ratios of sums over texts, of terms and of bytes. The papers' terms depend on the
mean difference over the texts of a sample, so they are computed in each sample.
"""

from dataclasses import dataclass

import numpy as np

from modelmap.divergence.kl import LN2, ROUNDING
from modelmap.divergence.mixture import pair_sums
from modelmap.divergence.standard_error import (
    RatioEstimates,
    StratifiedDocuments,
    ratio_estimates,
)
from modelmap.matrix.file import LogLikelihoods
from modelmap.matrix.segments_file import SegmentLogliks
from modelmap.plumbing.arrays import Indices, Mask, Matrix, Vector


@dataclass(frozen=True)
class Pairs:
    """P pairs of models on N texts."""

    models: Indices
    """Positions i < j of the models of each pair, shape (P, 2)."""
    values: Matrix
    """Shape (N, P): terms in nats, or `are_differences` of coordinates q_is - q_js."""
    n_bytes: Matrix
    """Shape (N, P): bytes on which a pair is scored. For differences the mean bytes of a text."""
    are_differences: bool

    def chosen(self, pairs: Mask) -> "Pairs":
        """Return the pairs that are marked in a mask of shape (P,)."""
        return Pairs(
            self.models[pairs], self.values[:, pairs], self.n_bytes[:, pairs], self.are_differences
        )

    def of_texts(self, texts: Indices) -> "Pairs":
        """Return the pairs on some of the texts, which may be repeated."""
        return Pairs(self.models, self.values[texts], self.n_bytes[texts], self.are_differences)

    def terms(self, weights: Vector) -> Matrix:
        """Return the terms in nats, shape (N, P).

        `weights` are those of the texts in means, shape (N,), and sum to 1.
        """
        if not self.are_differences:
            return self.values
        halves: Matrix = np.square(self.values - weights @ self.values) / 2
        return halves

    def kl(self, weights: Vector) -> Vector:
        """Return the KL of a population in bits per byte, shape (P,).

        `weights` are the shares of the texts in the population, shape (N,).
        """
        kl: Vector = (weights @ self.terms(weights)) / (weights @ self.n_bytes) / LN2
        return kl

    def estimates(
        self, documents: StratifiedDocuments, scored: Mask | None = None
    ) -> RatioEstimates:
        """Return the estimates from all texts, or from those that are marked in a mask (N,)."""
        if scored is None:
            scored = np.ones(len(self.values), dtype=bool)
        terms = scored[:, None] * self.terms(scored / scored.sum())
        return ratio_estimates(terms, scored[:, None] * self.n_bytes, documents)


def pairs_of_different_models(
    matrix: LogLikelihoods, segments: SegmentLogliks | None, models: Indices
) -> Pairs:
    """Return those of the pairs whose models differ. Without `segments`, for the papers' estimate.

    `models` are positions of models in the matrix, shape (P, 2). The KL of identical models is 0 in
    every sample.
    """
    if segments is None:
        coordinates = matrix.coordinates()
        differences = (coordinates[models[:, 0]] - coordinates[models[:, 1]]).T
        pairs = Pairs(models, differences, np.full(differences.shape, matrix.mean_bytes), True)
    else:
        rows = np.array([segments.models.index(name) for name in matrix.models])
        sums = pair_sums(segments.loglik_nats, segments.first, segments.n_bytes, rows[models])
        pairs = Pairs(models, *sums, are_differences=False)
    even = np.full(matrix.n_texts, 1 / matrix.n_texts)
    return pairs.chosen(2 * pairs.terms(even).sum(axis=0) > ROUNDING)
