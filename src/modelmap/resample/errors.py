"""How far estimated squared distances are from those of all texts (P2, Sect. 4)."""

import numpy as np
from numpy.typing import NDArray

from modelmap.plumbing.arrays import Matrix

FLOOR = 1e-3
"""The papers' smallest divisor of a relative error, in squared nats."""


def absolute_error(estimated: Matrix, full: Matrix) -> float:
    """Return ||G~ - G||_F / ||G||_F."""
    return float(np.linalg.norm(estimated - full) / np.linalg.norm(full))


def relative_error(estimated: Matrix, full: Matrix) -> float:
    """Return the root mean square of (G~_ij - G_ij) / max(G_ij, 1e-3), the diagonal included."""
    return float(np.sqrt(np.mean(np.square((estimated - full) / np.maximum(full, FLOOR)))))


def root_mean_square(values: NDArray[np.float64]) -> float:
    """Return the root of the mean square: how errors of several runs become one."""
    return float(np.sqrt(np.mean(np.square(values))))
