"""Errors of squared distances estimated from a sample, relative to those from all texts.

Both errors are defined in Oyama et al. 2025 (EMNLP Findings), Section 4.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelmap.divergence.kl import ROUNDING
from modelmap.plumbing.arrays import Matrix

FLOOR = 1e-3
"""Smallest divisor of a relative error, in squared nats, as in the paper.

Nearly identical models have a distance near 0; without a lower bound their pairs would dominate.
"""

CLOSE = 1.5e-7
"""See close_pairs."""


def close_pairs(coordinates: Matrix, distances: Matrix) -> list[tuple[int, int]]:
    """Return the pairs i < j that are too close for sums of powers (ours).

    `coordinates` are Q, shape (K, N), and `distances` G, shape (K, K). Identical models are not
    among them.
    """
    # A sum over pairs of (a - b)^4 is computed by a few matrix products if it is multiplied out.
    # The products have the size of a^4 and rounding errors of eps a^4, where eps = 2.2e-16. Divided
    # by G^2 these are large if two models are near each other and far from the mean model. What
    # they are added to, sum_ij ((q_is - q_js)^2 / G_ij)^2, is at least (K / N)^2 on average over
    # texts, because the N values of a pair, before they are squared, sum to 1. Above this limit
    # the error of a pair is at most eps / CLOSE^2 = 1% of that.
    n_models, n_texts = coordinates.shape
    limit = CLOSE * n_texts / n_models * float(np.abs(coordinates).max()) ** 2
    is_close = np.triu((distances > ROUNDING) & (distances < limit), 1)
    return [(int(i), int(j)) for i, j in np.argwhere(is_close)]


def absolute_error(estimated: Matrix, full: Matrix) -> float:
    """Return ||G~ - G||_F / ||G||_F, a number without unit.

    `estimated` (G~) and `full` (G) are matrices of squared distances, shape (K, K).
    """
    return float(np.linalg.norm(estimated - full) / np.linalg.norm(full))


def relative_error(estimated: Matrix, full: Matrix) -> float:
    """Return the root mean square over i, j of (G~_ij - G_ij) / max(G_ij, 1e-3).

    `estimated` (G~) and `full` (G) are matrices of squared distances, shape (K, K). The diagonal,
    whose errors are 0, is part of the mean, as in the paper.
    """
    return float(np.sqrt(np.mean(np.square((estimated - full) / np.maximum(full, FLOOR)))))


def root_mean_square(values: NDArray[np.float64]) -> float:
    """Return the root of the mean square, which summarises the errors of several runs."""
    return float(np.sqrt(np.mean(np.square(values))))


def size_for_error(sizes: Sequence[float], errors: Sequence[float], wanted: float) -> float | None:
    """Return the number of texts at which an error falls to `wanted`, or None.

    `sizes` ascend. Between two of them the logarithm of the error is interpolated linearly in the
    logarithm of the size. None if the error is above `wanted` at all sizes, or already at most
    `wanted` at the first one.
    """
    reached = np.flatnonzero(np.asarray(errors) <= wanted)
    if len(reached) == 0 or reached[0] == 0:
        return None
    around = slice(int(reached[0]) - 1, int(reached[0]) + 1)
    logs = np.log(np.asarray(sizes, dtype=np.float64)[around])
    falling = -np.log(np.asarray(errors, dtype=np.float64)[around])
    return float(np.exp(np.interp(-np.log(wanted), falling, logs)))
