"""Sampling texts without replacement with unequal probabilities (ours; from survey statistics).

Two designs that choose exactly d texts:

- the random pivotal method (Deville and Tille 1998), whose inclusion probabilities are exact;
- sequential Poisson sampling (Ohlsson 1998), which takes the d texts with the smallest ratio of a
  random number to the size measure, so that every smaller sample is part of a larger one. Its
  inclusion probabilities are close to the stated ones, and equal to them where all sizes are equal.

Sums over all texts are estimated with the weights 1 / pi_s of Horvitz and Thompson.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelmap.plumbing.arrays import Vector
from modelmap.resample.estimate import UniqueTexts


def sample_sizes(shares: Sequence[float], n_texts: int) -> dict[float, int]:
    """Return the number of texts of each share of N texts, at least 2.

    With few texts several shares have the same number.
    """
    return {share: max(2, round(share * n_texts)) for share in shares}


def inclusion_probabilities(size: Vector, n_chosen: int) -> Vector:
    """Return probabilities proportional to `size`, capped at 1, that sum to `n_chosen`.

    `size` and the result have shape (N,). A text whose proportional share exceeds 1 is certain to
    be chosen: it gets 1, and the remaining probability is distributed among the other texts.
    Texts of size 0 have a probability above 0 only if all others are certain; it is the same for
    all of them. Raises ValueError unless `n_chosen` is from 1 to N.
    """
    n_positive = int((size > 0).sum())
    if not 1 <= n_chosen <= len(size):
        raise ValueError(f"cannot choose {n_chosen} of {len(size)} texts")
    if n_chosen == len(size):
        return np.ones(len(size))
    if n_chosen > n_positive:
        equal = (n_chosen - n_positive) / (len(size) - n_positive)
        return np.where(size > 0, 1.0, equal)
    order = np.argsort(-size, kind="stable")
    # Sum of the sizes from each text on, the largest text first.
    remaining_size = np.cumsum(size[order][::-1])[::-1]
    # Removing a certain text raises the share of all others, so texts are tested one after the
    # other. The largest go first: if a text's share is below 1, so are those of all smaller ones.
    n_certain = 0
    while (
        n_certain < n_chosen
        and (n_chosen - n_certain) * size[order[n_certain]] >= remaining_size[n_certain]
    ):
        n_certain += 1
    probabilities = np.zeros(len(size))
    probabilities[order[:n_certain]] = 1.0
    if n_certain < n_chosen:
        rest = order[n_certain:]
        probabilities[rest] = (n_chosen - n_certain) * size[rest] / remaining_size[n_certain]
    return np.clip(probabilities, 0.0, 1.0)


def pivotal_sample(probabilities: Vector, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the positions of the texts chosen by the random pivotal method, ascending.

    `probabilities` are inclusion probabilities, shape (N,), whose sum is an integer: the number of
    texts chosen. Undecided texts are taken two at a time in random order. Each step moves
    probability between the two so that one of them becomes 0 or 1, which decides it; the other
    takes part in the next step. The expected value of each text's probability never changes, so
    each text is chosen exactly with its inclusion probability.
    """
    current = probabilities.copy()
    undecided = rng.permutation(np.flatnonzero((current > 0) & (current < 1)))
    uniforms = rng.random(len(undecided))
    if len(undecided) == 0:
        return np.flatnonzero(current == 1).astype(np.int64)
    pending = undecided[0]
    # n texts need n - 1 steps: the last of the n random numbers is not used.
    for other, uniform in zip(undecided[1:], uniforms, strict=False):
        pending = _decide_one(current, pending, other, uniform)
    # The probabilities sum to an integer, so the last one is 0 or 1 but for rounding errors.
    current[pending] = round(current[pending])
    return np.flatnonzero(current == 1).astype(np.int64)


def _decide_one(current: Vector, first: np.intp, second: np.intp, uniform: float) -> np.intp:
    """Decide one of two texts, changing `current` in place, and return the undecided one.

    `uniform` is a random number in [0, 1). With a + b < 1, one text gets a + b and the other 0,
    and the first keeps it with probability a / (a + b). Otherwise one gets 1 and the other
    a + b - 1, and the first gets 1 with probability (1 - b) / (2 - a - b). Both choices keep the
    expected values a and b.
    """
    total = current[first] + current[second]
    if total < 1:
        kept, dropped = (second, first) if uniform * total < current[second] else (first, second)
        current[kept], current[dropped] = total, 0.0
        return kept
    chosen, undecided = (
        (first, second) if uniform * (2 - total) < 1 - current[second] else (second, first)
    )
    current[chosen], current[undecided] = 1.0, total - 1
    return undecided


def sequential_order(size: Vector, random_numbers: Vector) -> NDArray[np.int64]:
    """Return all texts in the order of sequential Poisson sampling, by random number over size.

    `size` and `random_numbers` (uniform in (0, 1)) have shape (N,); the result are positions. The
    first d texts are a sample for every d. Texts of size 0, on which the models do not differ,
    come last, in the order of their random numbers.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ranking = np.where(size > 0, random_numbers / size, np.inf)
    return np.lexsort((random_numbers, ranking)).astype(np.int64)


def horvitz_thompson(texts: NDArray[np.int64], probabilities: Vector) -> UniqueTexts:
    """Return a sample without replacement whose squared weights are 1 / inclusion probability.

    `texts` are positions, shape (d,); `probabilities` has shape (N,).
    """
    chosen = np.sort(texts)
    return UniqueTexts(chosen, 1.0 / probabilities[chosen])
