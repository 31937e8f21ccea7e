"""Clipping and double centring of the matrix (Oyama et al. 2025 (ACL), Section 3)."""

import numpy as np

from modelmap.plumbing.arrays import Matrix


def clip_threshold(loglik_nats: Matrix, quantile: float) -> float:
    """Return the quantile of all K x N values, by linear interpolation, in nats."""
    return float(np.quantile(loglik_nats, quantile))


def clipped(loglik_nats: Matrix, threshold: float) -> Matrix:
    """Return `loglik_nats` with values below `threshold` raised to it.

    A model that is added to a map must be clipped with the threshold of the map, not with one of
    its own: another threshold would change distances.
    """
    # A few texts that are extremely unlikely under one model would otherwise dominate all of its
    # distances, which are sums of squares.
    return np.maximum(loglik_nats, threshold)


def double_centred(loglik_nats: Matrix) -> Matrix:
    """Return the coordinates Q, shape (K, N), of clipped log-likelihoods.

    The mean over texts is subtracted from each row, and then the mean over models from each column.
    """
    # KL(p_i, p_j) is estimated by half the variance of L_i - L_j over texts. With rows centred this
    # is ||q_i - q_j||^2 / (2 N). Centring the columns changes no difference of rows, but puts the
    # mean model at the origin, which principal components and row norms refer to.
    rows = loglik_nats - loglik_nats.mean(axis=1, keepdims=True)
    centred: Matrix = rows - rows.mean(axis=0, keepdims=True)
    return centred
