"""KL divergences from coordinates (P1, Eq. 5; P3 v3 for bits per byte)."""

import numpy as np

from modelmap.plumbing.arrays import Matrix

LN2 = float(np.log(2))


def squared_distances(coordinates: Matrix) -> Matrix:
    """Return G, shape (K, K): G[i, j] = ||q_i - q_j||^2, not divided by the number of texts.

    Summed from differences, not from a Gram matrix: near neighbours lose no digits.
    """
    distances = np.empty((len(coordinates), len(coordinates)))
    for i, row in enumerate(coordinates):
        distances[i] = np.square(coordinates - row).sum(axis=1)
    return distances


def nats_per_text(distances: Matrix, n_texts: int) -> Matrix:
    """Return KL = G / (2 N), in nats per text."""
    return distances / (2 * n_texts)


def bits_per_byte(nats: Matrix, mean_bytes: float) -> Matrix:
    """Return nats per text as bits per byte: / (B ln 2), B the mean UTF-8 bytes of the texts."""
    return nats / (mean_bytes * LN2)
