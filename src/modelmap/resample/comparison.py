"""The papers' draws and designs without replacement at the same number of unique texts (ours)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from modelmap.plumbing.arrays import Matrix, Vector
from modelmap.resample.designs import (
    horvitz_thompson,
    inclusion_probabilities,
    pivotal_sample,
    relative_size,
    sequential_order,
)
from modelmap.resample.estimate import UniqueTexts, unique_texts
from modelmap.resample.weights import kl_size, length_squared_size

WITH, SIMPLE, PIVOTAL, SEQUENTIAL = (
    "with replacement",
    "simple random",
    "pivotal",
    "sequential Poisson",
)


@dataclass(frozen=True)
class Design:
    """A way of drawing d unique texts: how they are drawn, and by which size measure."""

    draws: str
    size: str


DESIGNS = (
    *(Design(WITH, size) for size in ("uniform", "ls", "kl", "relative")),
    Design(SIMPLE, "uniform"),
    *(Design(draws, size) for draws in (PIVOTAL, SEQUENTIAL) for size in ("ls", "kl", "relative")),
)


def size_measures(coordinates: Matrix, distances: Matrix) -> dict[str, Vector]:
    """Return every size measure by name, each shape (N,)."""
    return {
        "uniform": np.ones(coordinates.shape[1]),
        "ls": length_squared_size(coordinates),
        "kl": kl_size(coordinates),
        "relative": relative_size(coordinates, distances),
    }


def draws_for(probabilities: Vector, n_unique: int) -> int:
    """Return the number of draws with replacement that give `n_unique` unique texts on average.

    Raises ValueError if not that many texts can be drawn.
    """

    def missing(draws: float) -> float:
        return float((1 - np.power(1 - probabilities, draws)).sum()) - n_unique

    if n_unique >= (probabilities > 0).sum():
        raise ValueError(f"draws with replacement do not reach {n_unique} unique texts")
    most = 10.0 * n_unique
    while missing(most) < 0:
        most *= 10
    return round(float(brentq(missing, 1, most)))


def drawn(design: Design, size: Vector, n_unique: int, rng: np.random.Generator) -> UniqueTexts:
    """Return one weighted sample of a design, of n_unique texts (with replacement: on average)."""
    if design.draws == WITH:
        probabilities = size / size.sum()
        draws = draws_for(probabilities, n_unique)
        return unique_texts(rng.choice(len(size), draws, p=probabilities), probabilities)
    inclusion = inclusion_probabilities(size, n_unique)
    if design.draws == PIVOTAL:
        return horvitz_thompson(pivotal_sample(inclusion, rng), inclusion)
    chosen = sequential_order(size, rng.random(len(size)))[:n_unique]
    return horvitz_thompson(chosen, inclusion)


def parts_of_the_gain(errors: Mapping[Design, float], best: Design) -> dict[str, float]:
    """Return how the error falls from uniform draws with replacement to the best design.

    The part that comes only from not drawing a text twice is what simple random sampling without
    replacement gains; the rest comes from unequal probabilities.
    """
    start, simple = errors[Design(WITH, "uniform")], errors[Design(SIMPLE, "uniform")]
    gain = start - errors[best]
    return {
        "error_with_replacement": start,
        "error_simple_random": simple,
        "error_best": errors[best],
        "share_of_gain_from_not_drawing_twice": (start - simple) / gain,
    }


def comparison_row(
    design: Design, n_unique: int, n_texts: int, errors: Matrix
) -> dict[str, object]:
    """Return a row of the comparison: errors of shape (R, 2), absolute and relative, as RMS."""
    absolute, relative = np.sqrt(np.mean(np.square(errors), axis=0))
    return {
        "draws": design.draws,
        "size_measure": design.size,
        "d": n_unique,
        "share": n_unique / n_texts,
        "relative_error": float(relative),
        "absolute_error": float(absolute),
    }
