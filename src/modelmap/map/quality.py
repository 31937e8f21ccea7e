"""The quality of a map: how well it shows the KL divergences between the models."""

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.manifold import trustworthiness

from modelmap.plumbing.arrays import Matrix


def map_trustworthiness(kl: Matrix, places: Matrix, n_near: int) -> float:
    """Return scikit-learn's trustworthiness of a map, from 0 to 1 (the best).

    Models that are among the `n_near` nearest on the map, but not by KL, lower it. `kl` has shape
    (K, K) and `places` has shape (K, 2).
    """
    # scikit-learn requires fewer neighbours than half the models.
    largest = (len(kl) - 1) // 2
    return float(
        trustworthiness(kl, places, n_neighbors=min(n_near, largest), metric="precomputed")
    )


def nearest_kept(kl: Matrix, places: Matrix, n_near: int) -> float:
    """Return the share of models whose nearest by KL is among their `n_near` nearest on the map."""
    # A model is not its own neighbour.
    off_diagonal = np.diag(np.full(len(kl), np.inf))
    nearest = np.argmin(kl + off_diagonal, axis=1)
    order = np.argsort(cdist(places, places) + off_diagonal, axis=1, kind="stable")[:, :n_near]
    return float(np.mean([nearest[i] in order[i] for i in range(len(kl))]))
