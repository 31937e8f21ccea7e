"""The place of a new model on an existing map: t-SNE of one more point (ours).

t-SNE moves all points so that nearness on the map agrees with nearness by KL. Here only the new
point moves, and its nearness to each known model is compared (van der Maaten and Hinton 2008,
Equations 1 and 4, for one point).
"""

import numpy as np
from scipy.optimize import brentq, minimize

from modelmap.plumbing.arrays import Matrix, Vector

LARGEST_PERPLEXITY = 30.0


def place_on_map(kl: Vector, places: Matrix) -> Vector:
    """Return the place of a model on the map, shape (2,).

    `kl` are its KLs to the K models whose places are given, shape (K, 2).
    """
    near = nearness(kl, min(LARGEST_PERPLEXITY, max(1.0, (len(kl) - 1) // 3)))

    def loss(point: Vector) -> float:
        weights = 1 / (1 + np.square(places - point).sum(axis=1))
        return float(-(near * np.log(weights / weights.sum())).sum())

    # The loss has a minimum near each group of models: the best of several starts is taken.
    starts = [near @ places, *places[np.argsort(kl, kind="stable")[:3]]]
    found = [minimize(loss, start + 1e-3, method="BFGS") for start in starts]
    best: Vector = min(found, key=lambda one: float(one.fun)).x
    return best


def nearness(kl: Vector, perplexity: float) -> Vector:
    """Return how near each known model is, shape (K,), adding up to 1, for a perplexity.

    KLs are squared distances, so nearness is proportional to exp(-beta KL).
    """
    shifted = kl - kl.min()
    scale = float(np.median(shifted)) or 1.0

    def excess(log_beta: float) -> float:
        weights = np.exp(-np.exp(log_beta) * shifted / scale)
        shares = weights / weights.sum()
        entropy = -(shares * np.log(np.maximum(shares, 1e-300))).sum()
        return float(entropy - np.log(perplexity))

    # The perplexity falls from K to the number of nearest models as beta grows.
    log_beta = brentq(excess, -30.0, 30.0) if excess(-30.0) > 0 > excess(30.0) else 30.0
    weights = np.exp(-np.exp(log_beta) * shifted / scale)
    shares: Vector = weights / weights.sum()
    return shares
