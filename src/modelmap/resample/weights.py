"""How likely each text is to be drawn: uniform, length-squared and KL sampling (P2, Sect. 3)."""

from typing import Literal

import numpy as np

from modelmap.plumbing.arrays import Matrix, Vector
from modelmap.plumbing.errors import UserError

Method = Literal["uniform", "ls", "kl"]
METHODS: tuple[Method, ...] = ("uniform", "ls", "kl")


def length_squared_size(coordinates: Matrix) -> Vector:
    """Return sum_i q_is^2 for each text: K times the variance of its log-likelihoods (P2)."""
    return np.asarray(np.square(coordinates).sum(axis=0))


def kl_size(coordinates: Matrix) -> Vector:
    """Return sqrt(sum_ij (q_is - q_js)^4) for each text, from power sums over models (P2).

    With S_m = sum_i q_is^m it is sqrt(2 K S4 + 6 S2^2 - 8 S1 S3), below zero only by rounding.
    """
    s1, s2, s3, s4 = (np.power(coordinates, power).sum(axis=0) for power in (1, 2, 3, 4))
    total = 2 * len(coordinates) * s4 + 6 * s2**2 - 8 * s1 * s3
    return np.asarray(np.sqrt(np.maximum(total, 0.0)))


def size_measure(method: Method, coordinates: Matrix) -> Vector:
    """Return what the probabilities of a method are proportional to, shape (N,), from Q."""
    if method == "ls":
        return length_squared_size(coordinates)
    if method == "kl":
        return kl_size(coordinates)
    return np.ones(coordinates.shape[1])


def probabilities(method: Method, coordinates: Matrix) -> Vector:
    """Return the probability of each text in one draw, shape (N,), summing to 1.

    Raises UserError if all models agree on every text, so that no text tells them apart.
    """
    size = size_measure(method, coordinates)
    total = size.sum()
    if not total > 0:
        raise UserError("all models have the same log-likelihoods: there is nothing to resample")
    return np.asarray(size / total)
