"""Errors of squared distances estimated from a sample, relative to those from all texts.

Both errors are defined in Oyama et al. 2025 (EMNLP Findings), Section 4.
"""

import numpy as np
from numpy.typing import NDArray

from modelmap.plumbing.arrays import Matrix

FLOOR = 1e-3
"""Smallest divisor of a relative error, in squared nats, as in the paper.

Nearly identical models have a distance near 0; without a lower bound their pairs would dominate.
"""


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
