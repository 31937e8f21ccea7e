"""Squared distances and their errors from weighted Gram matrices, updated draw by draw (ours).

For two models let x_s = q_is - q_js, and let v_s be the squared weights. The squared distance of
the row-centred coordinates (resample/estimate.py) is

    sum_s v_s (x_s - mean)^2  =  sum_s v_s x_s^2 - (sum_s v_s x_s)^2 / sum_s v_s.

Multiplied out, both sums come from the products P_ij = sum_s v_s q_is q_js and the sums
S_i = sum_s v_s q_is. These are sums over texts, so a sample of more draws only adds its new texts
to them: one pass over the draws of a run serves all sizes, and a size costs one comparison of
K x K numbers. The subtraction loses digits where models are nearly identical. That is accepted
here, for sampling errors; the KL estimates are computed from differences (divergence/kl.py).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import dsyrk

from modelmap.plumbing.arrays import Matrix, Vector
from modelmap.resample.errors import FLOOR
from modelmap.resample.estimate import UniqueTexts

BLOCK = 64
"""Rows computed at a time, so few that they stay in the processor's cache."""


class GramSums:
    """Weighted sums over texts, to which texts can be added.

    They are P (products of every two models, shape (K, K)), S (shape (K,)) and the sum of the
    squared weights. `coordinates` are Q, shape (K, N). P is symmetric and only its lower triangle
    is computed.
    """

    def __init__(self, coordinates: Matrix) -> None:
        self._coordinates = coordinates
        n_models = len(coordinates)
        self._products: Matrix = np.zeros((n_models, n_models), order="F")
        self._sums: Vector = np.zeros(n_models)
        self._weight = 0.0

    def add(self, texts: NDArray[np.int64], weights: Vector) -> None:
        """Add texts with their squared weights; both have shape (d,), texts are positions."""
        sampled = self._coordinates[:, texts]
        scaled = np.asfortranarray(sampled * np.sqrt(weights))
        # BLAS adds scaled @ scaled.T to one triangle in place: half the work of a full product
        # and no temporary matrix.
        self._products = dsyrk(
            1.0, scaled, beta=1.0, c=self._products, lower=1, overwrite_c=1, trans=0
        )
        self._sums += sampled @ weights
        self._weight += float(weights.sum())

    def rows(self, first: int, scale: float) -> Matrix:
        """Return squared distances: rows from `first` on, BLOCK at most, and columns from `first`.

        All squared weights are multiplied by `scale`. Only entries above the diagonal are valid.
        """
        last = first + BLOCK
        # In the transpose the computed triangle is the upper one, and rows are contiguous.
        sums, upper = self._sums, self._products.T
        # With W = sum_s v_s the distance is n_i + n_j - 2 (P_ij - S_i S_j / W), where
        # n_i = P_ii - S_i^2 / W.
        mean = sums / self._weight
        norms = upper.diagonal() - sums * mean
        block = upper[first:last, first:] * -2.0
        block += np.outer(2.0 * sums[first:last], mean[first:])
        block += norms[first:last, None]
        block += norms[first:]
        block *= scale
        return block

    def distances(self, scale: float = 1.0) -> Matrix:
        """Return all squared distances of the row-centred, weighted coordinates, shape (K, K).

        Negative values from rounding are set to 0.
        """
        full = np.zeros_like(self._products)
        for first in range(0, len(full), BLOCK):
            full[first : first + BLOCK, first:] = self.rows(first, scale)
        upper = np.triu(full, 1)
        distances: Matrix = np.maximum(upper + upper.T, 0.0)
        return distances


class ErrorMeter:
    """Computes both errors of Gram sums with respect to `full`, the distances G, shape (K, K).

    It does not form the estimated distances as a whole, only blocks of their rows.
    """

    def __init__(self, full: Matrix) -> None:
        self._full = full
        self._divisor = np.maximum(full, FLOOR)
        self._norm = float(np.linalg.norm(full))

    def errors(self, sums: GramSums, scale: float = 1.0) -> tuple[float, float]:
        """Return the absolute and the relative error, as defined in resample/errors.py."""
        absolute = relative = 0.0
        n_models = len(self._full)
        for first in range(0, n_models, BLOCK):
            difference = sums.rows(first, scale)
            difference -= self._full[first : first + BLOCK, first:]
            n_rows = len(difference)
            difference[:, :n_rows] = np.triu(difference[:, :n_rows], 1)
            absolute += float(np.vdot(difference, difference))
            difference /= self._divisor[first : first + BLOCK, first:]
            relative += float(np.vdot(difference, difference))
        # Each pair was counted once, above the diagonal, and occurs twice in G; the diagonal has
        # no error. The relative error is a mean over all K x K entries.
        return float(np.sqrt(2 * absolute)) / self._norm, float(np.sqrt(2 * relative)) / n_models


def sample_errors(coordinates: Matrix, sample: UniqueTexts, meter: ErrorMeter) -> Vector:
    """Return the absolute and the relative error of the distances from one sample, shape (2,).

    `coordinates` are Q, shape (K, N).
    """
    sums = GramSums(coordinates)
    sums.add(sample.texts, sample.squared_weights)
    return np.array(meter.errors(sums))


def run_errors(
    coordinates: Matrix,
    probabilities: Vector,
    drawn: NDArray[np.int64],
    sizes: Sequence[int],
    meter: ErrorMeter,
) -> Matrix:
    """Return the errors of one run at every number of draws in `sizes`, shape (sizes, 3).

    Columns are the number of unique texts, the absolute error and the relative error, of the
    estimate from the first draws. `coordinates` are Q, shape (K, N); `probabilities` are those of
    one draw, shape (N,); `drawn` are the texts in the order of the draws; `sizes` ascend, and the
    last is at most len(drawn). The numbers are those of a separate estimate for each size, up to
    rounding.
    """
    sums, seen = GramSums(coordinates), np.zeros(len(probabilities), dtype=bool)
    rows, done = [], 0
    for size in sizes:
        texts, counts = np.unique(drawn[done:size], return_counts=True)
        # The squared weights c / (n pi) without their 1 / n, which changes with the size and is
        # applied to all texts at once below.
        sums.add(texts, counts / probabilities[texts])
        seen[texts] = True
        rows.append([float(seen.sum()), *meter.errors(sums, 1.0 / size)])
        done = size
    return np.array(rows)
