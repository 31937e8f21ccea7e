"""The sampling methods, which set the probability of each text to be drawn.

A method is defined by its size measure: a text is drawn with a probability proportional to it.
Settings, schemas, stages and figures take the methods from `METHODS`, so a new method needs an
entry there and nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import AfterValidator

from modelmap.divergence.kl import ROUNDING, squared_distances
from modelmap.plumbing.arrays import Matrix, Vector
from modelmap.plumbing.errors import UserError
from modelmap.resample.errors import FLOOR, close_pairs

Size = Callable[[Matrix, Matrix | None], Vector]


@dataclass(frozen=True)
class Method:
    """A sampling method.

    `size` returns the size measure, shape (N,), from the coordinates Q, shape (K, N), and the
    squared distances G, shape (K, K), or None if G has not been computed. `from_papers` says
    whether the method is one of the papers', which error curves and predictions are made for.
    """

    key: str
    label: str
    size: Size
    from_papers: bool


def uniform_size(coordinates: Matrix, _: Matrix | None = None) -> Vector:
    """Return 1 for each text."""
    return np.ones(coordinates.shape[1])


def length_squared_size(coordinates: Matrix, _: Matrix | None = None) -> Vector:
    """Return sum_i q_is^2 for each text: K times the variance over models of its log-likelihood.

    Length-squared (LS) sampling of Oyama et al. 2025 (EMNLP Findings), Section 3.
    """
    return np.asarray(np.square(coordinates).sum(axis=0))


def kl_size(coordinates: Matrix, _: Matrix | None = None) -> Vector:
    """Return sqrt(sum_ij (q_is - q_js)^4) for each text s.

    KL sampling of Oyama et al. 2025 (EMNLP Findings), Section 3: of all methods with independent
    draws it minimises the expected squared absolute error of the distances (row centring aside).
    """
    # The fourth power multiplied out, with the power sums S_m = sum_i q_is^m, is
    # 2 K S4 + 6 S2^2 - 8 S1 S3: a few sums over models replace the sum over all pairs.
    s1, s2, s3, s4 = (np.power(coordinates, power).sum(axis=0) for power in (1, 2, 3, 4))
    total = 2 * len(coordinates) * s4 + 6 * s2**2 - 8 * s1 * s3
    # Where all models agree on a text the sum is 0, and rounding can make it slightly negative.
    return np.asarray(np.sqrt(np.maximum(total, 0.0)))


def relative_size(coordinates: Matrix, distances: Matrix | None = None) -> Vector:
    """Return sqrt(sum_ij ((q_is - q_js)^2 / max(G_ij, 1e-3))^2) for each text s (ours).

    What kl_size is for the absolute error, this is for the relative error, in which the error of
    each pair is divided by the pair's own distance.
    """
    known = squared_distances(coordinates) if distances is None else distances
    pair_weights = np.where(known > ROUNDING, 1.0 / np.square(np.maximum(known, FLOOR)), 0.0)
    close = {pair: pair_weights[pair] for pair in close_pairs(coordinates, known)}
    for i, j in close:
        pair_weights[i, j] = pair_weights[j, i] = 0.0
    squares = np.square(coordinates)
    # The fourth power multiplied out, as in kl_size. Each pair has a weight here, so the products
    # of two power sums become products with the K x K matrix of weights, which is symmetric:
    # 2 sum_ij a_ij q_i^4 + 6 sum_ij a_ij q_i^2 q_j^2 - 8 sum_ij a_ij q_i q_j^3.
    total = (
        2 * pair_weights.sum(axis=1) @ np.square(squares)
        + 6 * (squares * (pair_weights @ squares)).sum(axis=0)
        - 8 * (coordinates * (pair_weights @ (squares * coordinates))).sum(axis=0)
    )
    for (i, j), weight in close.items():
        total += 2 * weight * (coordinates[i] - coordinates[j]) ** 4
    return np.asarray(np.sqrt(np.maximum(total, 0.0)))


METHODS = {
    method.key: method
    for method in (
        Method("uniform", "uniform", uniform_size, from_papers=True),
        Method("ls", "length squared", length_squared_size, from_papers=True),
        Method("kl", "KL", kl_size, from_papers=True),
        Method("relative", "relative", relative_size, from_papers=False),
    )
}
"""The sampling methods by key. Their order gives their colours in figures."""
PAPERS = tuple(method.key for method in METHODS.values() if method.from_papers)
"""The keys of the papers' methods."""


def _known(key: str) -> str:
    if key not in METHODS:
        raise ValueError(f"{key!r} is not a sampling method: choose one of {', '.join(METHODS)}")
    return key


MethodKey = Annotated[str, AfterValidator(_known)]
"""The type of a setting that names a method."""


def probabilities(key: str, coordinates: Matrix) -> Vector:
    """Return the probability of each text in one draw, shape (N,), whose sum is 1.

    `key` names the method; `coordinates` are Q, shape (K, N).
    Raises UserError if all models agree on every text, so that no text distinguishes them.
    """
    size = METHODS[key].size(coordinates, None)
    total = size.sum()
    if not total > 0:
        raise UserError("all models have the same log-likelihoods: there is nothing to resample")
    return np.asarray(size / total)
