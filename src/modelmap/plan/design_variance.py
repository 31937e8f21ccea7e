"""What a sample without replacement will err by, and what it says of its own error (ours).

Hajek's and Rosen's approximation for designs of fixed size and high entropy: the variance of a
Horvitz-Thompson sum of y is N / (N - 1) sum_s pi_s (1 - pi_s) (y_s / pi_s - B)^2, where B is the
mean of y / pi weighted by pi (1 - pi). It is of the design: its truth is the N texts.
"""

import numpy as np
from numpy.typing import NDArray

from modelmap.plumbing.arrays import Matrix, Vector
from modelmap.resample.errors import FLOOR
from modelmap.resample.estimate import UniqueTexts


def distance_variances(coordinates: Matrix, probabilities: Vector) -> Matrix:
    """Return the variance of every estimated squared distance under a design, shape (K, K).

    From all N texts, for planning: y_s = (q_is - q_js)^2. Sums of fourth powers come from
    products of powers of Q, so the cost is a few matrix products.
    """
    open_texts = probabilities < 1
    q, pi = coordinates[:, open_texts], probabilities[open_texts]
    fourth = _power_sums(q, (1 - pi) / pi)
    total = _square_sums(q, 1 - pi)
    spread = float((pi * (1 - pi)).sum())
    n_open = len(pi)
    if n_open < 2 or spread == 0:
        return np.zeros((len(coordinates), len(coordinates)))
    variances: Matrix = n_open / (n_open - 1) * np.maximum(fourth - total**2 / spread, 0.0)
    np.fill_diagonal(variances, 0.0)
    return variances


def predicted_error(coordinates: Matrix, distances: Matrix, probabilities: Vector) -> float:
    """Return the relative error a design is expected to have, root mean squared over its draws."""
    variances = distance_variances(coordinates, probabilities)
    return float(np.sqrt(np.mean(variances / np.square(np.maximum(distances, FLOOR)))))


def estimated_variances(
    coordinates: Matrix, sample: UniqueTexts, pairs: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> Vector:
    """Return the variance of some pairs' estimated squared distances, from the sample alone.

    `coordinates` are rows of log-likelihoods or Q, shape (K, N), of which only the sample's texts
    are read. `pairs` are the indices of both models, each shape (P,).
    """
    inside, weights = coordinates[:, sample.texts], sample.squared_weights
    rows = inside - (inside @ weights / weights.sum())[:, None]
    open_share = 1 - 1 / weights
    n_open = int((open_share > 0).sum())
    if n_open < 2:
        return np.zeros(len(pairs[0]))
    expanded = np.square(rows[pairs[0]] - rows[pairs[1]]) * weights
    centre = expanded @ open_share / open_share.sum()
    squares = np.square(expanded - centre[:, None]) @ open_share
    return np.asarray(n_open / (n_open - 1) * squares, dtype=np.float64)


def some_pairs(
    n_models: int, most: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the indices of all pairs of models, or of `most` of them drawn without replacement."""
    first, second = np.triu_indices(n_models, k=1)
    if len(first) > most:
        kept = np.sort(rng.choice(len(first), most, replace=False))
        first, second = first[kept], second[kept]
    return first.astype(np.int64), second.astype(np.int64)


def _power_sums(q: Matrix, weights: Vector) -> Matrix:
    """Return sum_s weights_s (q_is - q_js)^4, shape (K, K)."""
    square, cube = q**2, q**3
    fourth = (q**4) @ weights
    cross = (cube * weights) @ q.T
    sums: Matrix = (
        fourth[:, None] + fourth + 6 * (square * weights) @ square.T - 4 * (cross + cross.T)
    )
    return sums


def _square_sums(q: Matrix, weights: Vector) -> Matrix:
    """Return sum_s weights_s (q_is - q_js)^2, shape (K, K)."""
    square = (q**2) @ weights
    sums: Matrix = square[:, None] + square - 2 * (q * weights) @ q.T
    return sums
