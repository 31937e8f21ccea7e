"""KL divergences from coordinates (Oyama et al. 2025 (ACL), Equation 5)."""

import numpy as np

from modelmap.plumbing.arrays import Matrix

LN2 = float(np.log(2))
ROUNDING = 1e-18
"""Squared nats. A squared distance up to this is taken for a rounding error of float64."""


def squared_distances(coordinates: Matrix) -> Matrix:
    """Return G, shape (K, K): G[i, j] = ||q_i - q_j||^2, not divided by the number of texts.

    `coordinates` are Q, shape (K, N), in nats.
    """
    # ||q_i||^2 + ||q_j||^2 - 2 q_i q_j would be faster, but it subtracts nearly equal numbers where
    # two models are close, and so loses most of their digits.
    distances = np.empty((len(coordinates), len(coordinates)))
    for i, row in enumerate(coordinates):
        distances[i] = np.square(coordinates - row).sum(axis=1)
    return distances


def reason_if_identical(coordinates: Matrix, which: str = "models") -> str | None:
    """Return why nothing can be estimated from identical models, or None if some differ.

    `coordinates` are Q or those of a sample, shape (K, N); `which` names the models in the reason.
    Models are identical if no squared distance from the first model is above ROUNDING.
    """
    # Rounding hardly ever gives exactly 0: rows that differ by a constant are equal only up to
    # rounding when they are centred. Analyses of such differences would show nothing but rounding.
    if np.square(coordinates - coordinates[0]).sum(axis=1).max() > ROUNDING:
        return None
    return no_difference(which)


def no_difference(which: str = "models") -> str:
    """Return the reason why nothing can be estimated from identical models."""
    return f"needs {which} that differ, and all squared distances between them are 0"


def nats_per_text(distances: Matrix, n_texts: int) -> Matrix:
    """Return KL = G / (2 N), in nats per text."""
    return distances / (2 * n_texts)


def bits_per_byte(nats: Matrix, mean_bytes: float) -> Matrix:
    """Return KL in bits per byte from KL in nats per text: KL / (B ln 2).

    `mean_bytes` is B, the mean number of UTF-8 bytes of a text. As in version 3 of
    arXiv 2505.15353; version 1 lacks the factor 2 of G / (2 N).
    """
    return nats / (mean_bytes * LN2)
