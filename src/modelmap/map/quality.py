"""How faithful a map is to the divergences it was drawn from."""

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.manifold import trustworthiness

from modelmap.plumbing.arrays import Matrix


def map_trustworthiness(kl: Matrix, placed: Matrix, n_near: int) -> float:
    """Return scikit-learn's trustworthiness, 0 to 1: near on the map are near by KL.

    The neighbourhood is `n_near`, or what is below half the models where they are few.
    """
    largest = (len(kl) - 1) // 2
    near = min(n_near, largest)
    return float(trustworthiness(kl, placed, n_neighbors=near, metric="precomputed"))


def nearest_kept(kl: Matrix, placed: Matrix, n_near: int) -> float:
    """Return the share of models whose nearest by KL is among their `n_near` nearest on the map."""
    off_diagonal = np.diag(np.full(len(kl), np.inf))
    nearest = np.argmin(kl + off_diagonal, axis=1)
    order = np.argsort(cdist(placed, placed) + off_diagonal, axis=1, kind="stable")[:, :n_near]
    return float(np.mean([nearest[i] in order[i] for i in range(len(kl))]))
