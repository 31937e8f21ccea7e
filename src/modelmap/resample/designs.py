"""Sampling texts without replacement with unequal probabilities (ours; survey statistics).

Two designs of fixed size d: the random pivotal method, whose inclusion probabilities are exact,
and sequential Poisson sampling, which takes the first d texts by permanent random number over size
measure, so that any smaller sample is a prefix. Both are weighted by Horvitz and Thompson, and
both have the variance approximation of Hajek and Rosen.
"""

import numpy as np
from numpy.typing import NDArray

from modelmap.plumbing.arrays import Vector
from modelmap.resample.estimate import UniqueTexts


def inclusion_probabilities(size: Vector, n_chosen: int) -> Vector:
    """Return probabilities proportional to `size`, capped at 1, that sum to `n_chosen`.

    A text whose share would pass 1 is sure to be chosen, and the rest is shared anew. Raises
    ValueError unless 1 <= n_chosen <= the number of texts with a positive size, or all of them.
    """
    positive = size > 0
    if n_chosen == len(size):
        return np.ones(len(size))
    if not 1 <= n_chosen <= positive.sum():
        raise ValueError(f"cannot choose {n_chosen} of {int(positive.sum())} texts that can differ")
    order = np.argsort(-size, kind="stable")
    tails = np.cumsum(size[order][::-1])[::-1]
    sure = 0
    while sure < n_chosen and (n_chosen - sure) * size[order[sure]] >= tails[sure]:
        sure += 1
    probabilities = np.zeros(len(size))
    probabilities[order[:sure]] = 1.0
    if sure < n_chosen:
        rest = order[sure:]
        probabilities[rest] = (n_chosen - sure) * size[rest] / tails[sure]
    return np.clip(probabilities, 0.0, 1.0)


def pivotal_sample(probabilities: Vector, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the texts chosen by the random pivotal method, ascending.

    Texts meet in random order, two at a time: one of them hands its probability to the other
    until it is 0 or 1. Inclusion probabilities are exact and the number chosen is fixed.
    """
    left = probabilities.copy()
    undecided = rng.permutation(np.flatnonzero((left > 0) & (left < 1)))
    coins = rng.random(len(undecided))
    if len(undecided) == 0:
        return np.flatnonzero(left == 1).astype(np.int64)
    champion = undecided[0]
    for challenger, coin in zip(undecided[1:], coins, strict=False):
        champion = _meet(left, champion, challenger, coin)
    # Probabilities sum to a whole number: what is left of the last is 0 or 1 but for rounding.
    left[champion] = round(left[champion])
    return np.flatnonzero(left == 1).astype(np.int64)


def _meet(left: Vector, first: np.intp, second: np.intp, coin: float) -> np.intp:
    """Settle one of two texts in `left`, and return the one that goes on."""
    together = left[first] + left[second]
    if together < 1:
        winner, loser = (second, first) if coin * together < left[second] else (first, second)
        left[winner], left[loser] = together, 0.0
        return winner
    settled, goes_on = (
        (first, second) if coin * (2 - together) < 1 - left[second] else (second, first)
    )
    left[settled], left[goes_on] = 1.0, together - 1
    return goes_on


def sequential_order(size: Vector, random_numbers: Vector) -> NDArray[np.int64]:
    """Return all texts in the order of sequential Poisson sampling: by random number over size.

    Texts of size 0, which cannot tell models apart, come last by their random numbers.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ranking = np.where(size > 0, random_numbers / size, np.inf)
    return np.lexsort((random_numbers, ranking)).astype(np.int64)


def horvitz_thompson(texts: NDArray[np.int64], probabilities: Vector) -> UniqueTexts:
    """Return a sample without replacement, each text weighted by 1 / its probability."""
    chosen = np.sort(texts)
    return UniqueTexts(chosen, 1.0 / probabilities[chosen])
