"""The sampling methods: how likely each text is to be drawn. To add a method, add an entry here.

A method is given by its size measure: a text is drawn with a probability proportional to it.
Settings, schemas, stages and figures take the methods from `METHODS`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import AfterValidator

from modelmap.divergence.kl import squared_distances
from modelmap.plumbing.arrays import Matrix, Vector
from modelmap.plumbing.errors import UserError
from modelmap.resample.errors import FLOOR

Size = Callable[[Matrix, Matrix | None], Vector]


@dataclass(frozen=True)
class Method:
    """A sampling method.

    `size` returns its size measure, shape (N,), from the coordinates Q, shape (K, N), and the
    squared distances G, shape (K, K), if these are known already. `from_papers` says whether the
    error curves and predictions, which repeat the papers' draws, include it.
    """

    key: str
    label: str
    size: Size
    from_papers: bool


def uniform_size(coordinates: Matrix, _: Matrix | None = None) -> Vector:
    """Return 1 for each text."""
    return np.ones(coordinates.shape[1])


def length_squared_size(coordinates: Matrix, _: Matrix | None = None) -> Vector:
    """Return sum_i q_is^2 for each text: K times the variance of its log-likelihoods.

    "LS sampling" of Oyama et al., EMNLP Findings 2025, Section 3.
    """
    return np.asarray(np.square(coordinates).sum(axis=0))


def kl_size(coordinates: Matrix, _: Matrix | None = None) -> Vector:
    """Return sqrt(sum_ij (q_is - q_js)^4) for each text, from power sums over models.

    "KL sampling" of Oyama et al., EMNLP Findings 2025, Section 3. With S_m = sum_i q_is^m it is
    sqrt(2 K S4 + 6 S2^2 - 8 S1 S3), which avoids the sum over pairs.
    """
    s1, s2, s3, s4 = (np.power(coordinates, power).sum(axis=0) for power in (1, 2, 3, 4))
    total = 2 * len(coordinates) * s4 + 6 * s2**2 - 8 * s1 * s3
    # Rounding can make the sum slightly negative where models agree.
    return np.asarray(np.sqrt(np.maximum(total, 0.0)))


def relative_size(coordinates: Matrix, distances: Matrix | None = None) -> Vector:
    """Return sqrt(sum_ij ((q_is - q_js)^2 / max(G_ij, 1e-3))^2) for each text (ours).

    KL sampling is the best choice for the absolute error of all distances together; this one is
    for the relative error, in which each pair counts by its own distance.
    """
    known = squared_distances(coordinates) if distances is None else distances
    share = 1.0 / np.square(np.maximum(known, FLOOR))
    np.fill_diagonal(share, 0.0)
    squares = np.square(coordinates)
    # The fourth power of a difference, multiplied out: products of powers of Q replace the sum
    # over pairs, as in kl_size.
    total = (
        2 * share.sum(axis=1) @ np.square(squares)
        + 6 * (squares * (share @ squares)).sum(axis=0)
        - 8 * (coordinates * (share @ (squares * coordinates))).sum(axis=0)
    )
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
"""By key, in the order of their colours in figures."""
PAPERS = tuple(method.key for method in METHODS.values() if method.from_papers)


def _known(key: str) -> str:
    if key not in METHODS:
        raise ValueError(f"no sampling method {key!r}: there are {', '.join(METHODS)}")
    return key


MethodKey = Annotated[str, AfterValidator(_known)]
"""The type of a setting that names a method."""


def probabilities(key: str, coordinates: Matrix) -> Vector:
    """Return the probability of each text in one draw, shape (N,), summing to 1.

    Raises UserError if all models agree on every text, so that no text distinguishes them.
    """
    size = METHODS[key].size(coordinates, None)
    total = size.sum()
    if not total > 0:
        raise UserError("all models have the same log-likelihoods: there is nothing to resample")
    return np.asarray(size / total)
