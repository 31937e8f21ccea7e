"""The place of a new model on an existing map: t-SNE of one more point (ours).

t-SNE moves all points so that nearness on the map agrees with nearness by KL. Here only the new
point moves, and its nearness to each known model is compared (van der Maaten and Hinton 2008,
Equations 1 and 4, for one point).
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, minimize

from modelmap.plumbing.arrays import Matrix, Vector

LARGEST_PERPLEXITY = 30.0


@dataclass(frozen=True)
class SpotLoss:
    """How badly a point's nearness to K models on the map fits its nearness by KL.

    It is the Kullback-Leibler divergence of the two, up to a constant.
    """

    near: Vector
    """Shape (K,): the nearness by KL, adding up to 1."""
    places: Matrix
    """Shape (K, 2): the places of the models."""

    def value(self, point: Vector) -> float:
        weights = self._weights(point)
        return float(-(self.near * np.log(weights / weights.sum())).sum())

    def gradient(self, point: Vector) -> Vector:
        """Return the derivative of the value by the point, shape (2,)."""
        weights = self._weights(point)
        gradient: Vector = (self.near - weights / weights.sum()) @ self.pulls(point)
        return gradient

    def pulls(self, point: Vector) -> Matrix:
        """Return the derivative of the gradient by the nearness to each model, shape (K, 2)."""
        pulls: Matrix = 2 * self._weights(point)[:, None] * (point - self.places)
        return pulls

    def curvature(self, point: Vector) -> Matrix:
        """Return the derivative of the gradient by the point, shape (2, 2), by differences."""
        step = 1e-4 * float(np.ptp(self.places, axis=0).max() or 1.0)
        columns = [
            (self.gradient(point + step * axis) - self.gradient(point - step * axis)) / (2 * step)
            for axis in np.eye(2)
        ]
        curvature: Matrix = (np.array(columns) + np.array(columns).T) / 2
        return curvature

    def _weights(self, point: Vector) -> Vector:
        weights: Vector = 1 / (1 + np.square(self.places - point).sum(axis=1))
        return weights


def map_perplexity(n_models: int) -> float:
    """Return the perplexity of one point's nearness to the models of a map."""
    return min(LARGEST_PERPLEXITY, max(1.0, float((n_models - 1) // 3)))


def place_on_map(kl: Vector, places: Matrix) -> Vector:
    """Return the place of a model on the map, shape (2,).

    `kl` are its KLs to the K models whose places are given, shape (K, 2).
    """
    loss = SpotLoss(nearness(kl, map_perplexity(len(kl))), places)
    # The loss has a minimum near each group of models: the best of several starts is taken.
    starts = [loss.near @ places, *places[np.argsort(kl, kind="stable")[:3]]]
    found = [minimize(loss.value, start + 1e-3, method="BFGS") for start in starts]
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
