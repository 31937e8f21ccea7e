"""Variances of distances estimated by sampling without replacement (ours).

The variance of the Horvitz-Thompson estimate of sum_s y_s, for designs that choose a fixed number
of texts and are otherwise as random as possible, is approximately (Hajek 1964; Rosen 1997)

    n / (n - 1) sum_s pi_s (1 - pi_s) (y_s / pi_s - b)^2,
    b = sum_s (1 - pi_s) y_s / sum_s pi_s (1 - pi_s),

over the n texts that are not certain to be chosen (pi_s < 1). For a pair of models
y_s = (q_is - q_js)^2. The variance is due to the random choice of texts alone: it measures errors
with respect to the N texts, not to the population that they come from.
"""

import numpy as np
from numpy.typing import NDArray

from modelmap.divergence.kl import ROUNDING
from modelmap.plumbing.arrays import Matrix, Vector
from modelmap.resample.errors import FLOOR, close_pairs
from modelmap.resample.estimate import UniqueTexts


def distance_variances(coordinates: Matrix, probabilities: Vector) -> Matrix:
    """Return the variance of every estimated squared distance under a design, shape (K, K).

    It is computed from all N texts, before any are drawn. `coordinates` are Q, shape (K, N);
    `probabilities` are inclusion probabilities, shape (N,).
    """
    # With b inserted the sum over texts becomes
    # sum_s ((1 - pi_s) / pi_s) y_s^2 - (sum_s (1 - pi_s) y_s)^2 / sum_s pi_s (1 - pi_s).
    # Its first two sums are of fourth powers and squares of q_is - q_js, which a few matrix
    # products give for all pairs of models at once.
    # Texts of probability 0 add nothing: a design gives it only to texts on which all models agree.
    open_texts = (probabilities > 0) & (probabilities < 1)
    q, pi = coordinates[:, open_texts], probabilities[open_texts]
    fourth = _power_sums(q, (1 - pi) / pi)
    total = _square_sums(q, 1 - pi)
    spread = float((pi * (1 - pi)).sum())
    n_open = len(pi)
    # Probabilities sum to an integer, so a single text cannot be open: nothing is random then.
    if n_open < 2 or spread == 0:
        return np.zeros((len(coordinates), len(coordinates)))
    # Rounding can make the difference of the two sums slightly negative.
    variances: Matrix = n_open / (n_open - 1) * np.maximum(fourth - total**2 / spread, 0.0)
    np.fill_diagonal(variances, 0.0)
    return variances


def predicted_error(coordinates: Matrix, distances: Matrix, probabilities: Vector) -> float:
    """Return the expected relative error of a design: the root mean square over its samples.

    `coordinates` are Q, shape (K, N), and `distances` G, shape (K, K). The small bias from
    centring rows by their estimated mean (resample/estimate.py) is not included.
    """
    variances = distance_variances(coordinates, probabilities)
    variances[distances <= ROUNDING] = 0.0
    for i, j in close_pairs(coordinates, distances):
        # Of the difference and of 0, there are only powers of the difference.
        pair = np.stack([coordinates[i] - coordinates[j], np.zeros_like(coordinates[i])])
        variances[i, j] = variances[j, i] = distance_variances(pair, probabilities)[0, 1]
    return float(np.sqrt(np.mean(variances / np.square(np.maximum(distances, FLOOR)))))


def estimated_variances(
    coordinates: Matrix, sample: UniqueTexts, pairs: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> Vector:
    """Return the variances of the estimated squared distances of P pairs, shape (P,).

    They are estimated from the sample alone, for models whose other texts are not scored.
    `coordinates` are log-likelihoods or Q, shape (K, N), of which only the sample's texts are
    read. `pairs` are the positions of both models, each of shape (P,).
    """
    # The sample's version of the formula above, over its d texts that are not certain:
    # d / (d - 1) sum_s (1 - pi_s) (y_s / pi_s - a)^2, where a is the mean of y_s / pi_s with
    # weights 1 - pi_s. The factor pi_s of the formula drops out, because each text is in the
    # sample with probability pi_s.
    sampled, weights = coordinates[:, sample.texts], sample.squared_weights
    rows = sampled - (sampled @ weights / weights.sum())[:, None]
    open_share = 1 - 1 / weights
    n_open = int((open_share > 0).sum())
    if n_open < 2:
        return np.zeros(len(pairs[0]))
    expanded = np.square(rows[pairs[0]] - rows[pairs[1]]) * weights
    centre = expanded @ open_share / open_share.sum()
    squares = np.square(expanded - centre[:, None]) @ open_share
    return np.asarray(n_open / (n_open - 1) * squares, dtype=np.float64)


def _power_sums(q: Matrix, weights: Vector) -> Matrix:
    """Return sum_s weights_s (q_is - q_js)^4, shape (K, K)."""
    # (a - b)^4 = a^4 + b^4 + 6 a^2 b^2 - 4 (a^3 b + a b^3), summed over texts by products.
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
