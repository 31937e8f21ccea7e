"""Clipping and double centring of the log-likelihood matrix (P1, Sect. 3)."""

import numpy as np

from modelmap.plumbing.arrays import Matrix


def clip_threshold(loglik_nats: Matrix, quantile: float) -> float:
    """Return the global quantile of all model x text values (linear), the floor of clipping."""
    return float(np.quantile(loglik_nats, quantile))


def clipped(loglik_nats: Matrix, threshold: float) -> Matrix:
    """Return `loglik_nats` raised to `threshold` where it is below.

    Every later row of a map is clipped with the map's threshold, never its own.
    """
    return np.maximum(loglik_nats, threshold)


def double_centred(loglik_nats: Matrix) -> Matrix:
    """Return Q, shape (K, N): each row less its mean over texts, then each column its over models.

    Row centring changes distances between models, column centring does not.
    """
    rows = loglik_nats - loglik_nats.mean(axis=1, keepdims=True)
    centred: Matrix = rows - rows.mean(axis=0, keepdims=True)
    return centred
