"""Squared distances and their errors through weighted Gram sums, which add up over draws (ours).

With weights v_s, sum_s v_s (x_s - mean)^2 is sum v x^2 - (sum v x)^2 / sum v, and a sample of n
draws is the sample of fewer draws plus the rest: all sizes of a run need one pass over its draws.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import dsyrk

from modelmap.plumbing.arrays import Matrix, Vector
from modelmap.resample.errors import FLOOR
from modelmap.resample.estimate import UniqueTexts

BLOCK = 64
"""Rows at a time, so that what is worked on stays in the processor's cache."""


class GramSums:
    """Weighted sums over texts: of products of every two models, of each model, of the weights."""

    def __init__(self, coordinates: Matrix) -> None:
        self._coordinates = coordinates
        n_models = len(coordinates)
        self._products: Matrix = np.zeros((n_models, n_models), order="F")
        self._sums: Vector = np.zeros(n_models)
        self._weight = 0.0

    def add(self, texts: NDArray[np.int64], weights: Vector) -> None:
        """Add texts with their (squared) weights."""
        inside = self._coordinates[:, texts]
        scaled = np.asfortranarray(inside * np.sqrt(weights))
        self._products = dsyrk(
            1.0, scaled, beta=1.0, c=self._products, lower=1, overwrite_c=1, trans=0
        )
        self._sums += inside @ weights
        self._weight += float(weights.sum())

    def rows(self, first: int, scale: float) -> Matrix:
        """Return up to BLOCK rows of distances from row `first`, columns `first` onwards.

        All weights are multiplied by `scale`. Below the diagonal the values mean nothing.
        """
        last = first + BLOCK
        sums, upper = self._sums, self._products.T
        mean = sums / self._weight
        norms = upper.diagonal() - sums * mean
        block = upper[first:last, first:] * -2.0
        block += np.outer(2.0 * sums[first:last], mean[first:])
        block += norms[first:last, None]
        block += norms[first:]
        block *= scale
        return block

    def distances(self, scale: float = 1.0) -> Matrix:
        """Return all squared distances of row-centred, weighted coordinates, shape (K, K)."""
        full = np.zeros_like(self._products)
        for first in range(0, len(full), BLOCK):
            full[first : first + BLOCK, first:] = self.rows(first, scale)
        upper = np.triu(full, 1)
        distances: Matrix = np.maximum(upper + upper.T, 0.0)
        return distances


class ErrorMeter:
    """The papers' absolute and relative error of Gram sums against full distances."""

    def __init__(self, full: Matrix) -> None:
        self._full = full
        self._divisor = np.maximum(full, FLOOR)
        self._norm = float(np.linalg.norm(full))

    def errors(self, sums: GramSums, scale: float = 1.0) -> tuple[float, float]:
        """Return the absolute and the relative error, as resample.errors defines them."""
        absolute = relative = 0.0
        n_models = len(self._full)
        for first in range(0, n_models, BLOCK):
            off = sums.rows(first, scale)
            off -= self._full[first : first + BLOCK, first:]
            side = len(off)
            off[:, :side] = np.triu(off[:, :side], 1)
            absolute += float(np.vdot(off, off))
            off /= self._divisor[first : first + BLOCK, first:]
            relative += float(np.vdot(off, off))
        return float(np.sqrt(2 * absolute)) / self._norm, float(np.sqrt(2 * relative)) / n_models


def sample_errors(coordinates: Matrix, sample: UniqueTexts, meter: ErrorMeter) -> Vector:
    """Return the absolute and the relative error of one sample, shape (2,)."""
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
    """Return unique texts, absolute and relative error of every prefix of one run, (sizes, 3).

    `sizes` ascend and the last is at most len(drawn). The same numbers as one estimate from each
    prefix on its own, to rounding.
    """
    sums, seen = GramSums(coordinates), np.zeros(len(probabilities), dtype=bool)
    rows, done = [], 0
    for size in sizes:
        texts, counts = np.unique(drawn[done:size], return_counts=True)
        sums.add(texts, counts / probabilities[texts])
        seen[texts] = True
        rows.append([float(seen.sum()), *meter.errors(sums, 1.0 / size)])
        done = size
    return np.array(rows)
