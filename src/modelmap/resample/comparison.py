"""Errors of designs with and without replacement at equal numbers of unique texts (ours)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from modelmap.plumbing.arrays import Matrix, Vector
from modelmap.plumbing.parallel import parallel_map
from modelmap.plumbing.seeds import named_rng
from modelmap.resample.designs import (
    horvitz_thompson,
    inclusion_probabilities,
    pivotal_sample,
    sequential_order,
)
from modelmap.resample.estimate import UniqueTexts, unique_texts
from modelmap.resample.gram import ErrorMeter, sample_errors
from modelmap.resample.methods import METHODS
from modelmap.resample.settings import ResampleSettings

COMPARED_SHARE = 0.6
"""Share of the texts at which the metrics compare designs. The table has all shares."""


@dataclass(frozen=True)
class Design:
    """A way of choosing d unique texts.

    `draws` is a key of DRAWS; `size` is the key of the sampling method whose size measure is used.
    """

    draws: str
    size: str


def size_measures(coordinates: Matrix, distances: Matrix) -> dict[str, Vector]:
    """Return the size measure of every sampling method by its key, each of shape (N,)."""
    return {key: method.size(coordinates, distances) for key, method in METHODS.items()}


def draws_for(probabilities: Vector, n_unique: int) -> int:
    """Return the number of draws with replacement that give `n_unique` unique texts on average.

    `probabilities` are those of one draw, shape (N,). Raises ValueError if `n_unique` is not below
    the number of texts with a positive probability, which no finite number of draws reaches.
    """

    def excess(draws: float) -> float:
        # Text s is among the unique texts unless all draws miss it: (1 - pi_s)^draws.
        return float((1 - np.power(1 - probabilities, draws)).sum()) - n_unique

    if n_unique >= (probabilities > 0).sum():
        raise ValueError(f"draws with replacement do not reach {n_unique} unique texts")
    upper = 10.0 * n_unique
    while excess(upper) < 0:
        upper *= 10
    return round(float(brentq(excess, 1, upper)))


def with_replacement(size: Vector, n_unique: int, rng: np.random.Generator) -> UniqueTexts:
    """Return a sample of independent draws that has `n_unique` unique texts on average."""
    probabilities = size / size.sum()
    draws = draws_for(probabilities, n_unique)
    return unique_texts(rng.choice(len(size), draws, p=probabilities), probabilities)


def pivotal(size: Vector, n_unique: int, rng: np.random.Generator) -> UniqueTexts:
    """Return a sample of exactly `n_unique` texts by the random pivotal method."""
    inclusion = inclusion_probabilities(size, n_unique)
    return horvitz_thompson(pivotal_sample(inclusion, rng), inclusion)


def sequential_poisson(size: Vector, n_unique: int, rng: np.random.Generator) -> UniqueTexts:
    """Return a sequential Poisson sample of exactly `n_unique` texts.

    With equal sizes it is a simple random sample without replacement.
    """
    chosen = sequential_order(size, rng.random(len(size)))[:n_unique]
    return horvitz_thompson(chosen, inclusion_probabilities(size, n_unique))


WITH_REPLACEMENT = "with replacement"
SIMPLE_RANDOM = "simple random"
PIVOTAL = "pivotal"
SEQUENTIAL_POISSON = "sequential Poisson"
DRAWS: dict[str, Callable[[Vector, int, np.random.Generator], UniqueTexts]] = {
    WITH_REPLACEMENT: with_replacement,
    SIMPLE_RANDOM: sequential_poisson,
    PIVOTAL: pivotal,
    SEQUENTIAL_POISSON: sequential_poisson,
}
"""The sampling functions by name. Simple random sampling is sequential Poisson with equal sizes."""
UNEQUAL_SIZES = tuple(key for key in METHODS if key != "uniform")
DESIGNS = (
    *(Design(WITH_REPLACEMENT, key) for key in METHODS),
    Design(SIMPLE_RANDOM, "uniform"),
    *(Design(draws, key) for draws in (PIVOTAL, SEQUENTIAL_POISSON) for key in UNEQUAL_SIZES),
)
"""All designs that are compared, in the order of the table."""


def design_sample(
    design: Design, size: Vector, n_unique: int, rng: np.random.Generator
) -> UniqueTexts:
    """Return one weighted sample of a design. `size` is its size measure, shape (N,)."""
    return DRAWS[design.draws](size, n_unique, rng)


def design_errors(
    coordinates: Matrix, distances: Matrix, settings: ResampleSettings, n_workers: int
) -> pd.DataFrame:
    """Return the errors of every design at each number of unique texts, one row each.

    `coordinates` are Q, shape (K, N), and `distances` G, shape (K, K). Columns are those of
    DESIGN_ERRORS.
    """
    n_texts = coordinates.shape[1]
    measures, meter = size_measures(coordinates, distances), ErrorMeter(distances)
    unique = [max(2, round(share * n_texts)) for share in settings.unique_shares]
    cells = [(design, n) for design in DESIGNS for n in unique]
    evaluate = partial(_evaluate, coordinates, measures, meter, settings)
    return pd.DataFrame(parallel_map(evaluate, cells, n_workers, "comparing designs"))


def _evaluate(
    coordinates: Matrix,
    measures: dict[str, Vector],
    meter: ErrorMeter,
    settings: ResampleSettings,
    cell: tuple[Design, int],
) -> dict[str, object]:
    design, n_unique = cell
    rng = named_rng(settings.seed, "designs", design.draws, design.size, str(n_unique))
    errors = [
        sample_errors(
            coordinates, design_sample(design, measures[design.size], n_unique, rng), meter
        )
        for _ in range(settings.n_design_runs)
    ]
    return comparison_row(design, n_unique, coordinates.shape[1], np.array(errors))


def gain_metrics(designs: pd.DataFrame) -> dict[str, object]:
    """Return metrics that compare the best design with others at COMPARED_SHARE of the texts.

    `designs` is the table of design_errors; the nearest of its shares is taken.
    """
    share = min(designs["share"], key=lambda value: abs(value - COMPARED_SHARE))
    compared = designs[designs["share"] == share]
    errors = {
        Design(row.draws, row.size_measure): row.relative_error for row in compared.itertuples()
    }
    gain = gain_parts(errors, Design(SEQUENTIAL_POISSON, "relative"))
    return {
        "designs_compared_at_unique_texts": int(compared["d"].iloc[0]),
        **{f"designs_{name}": round(value, 3) for name, value in gain.items()},
    }


def gain_parts(errors: Mapping[Design, float], best: Design) -> dict[str, float]:
    """Return how much of the best design's gain comes from sampling without replacement.

    The gain is the decrease in error from uniform draws with replacement to `best`. The decrease
    to simple random sampling without replacement is due to not drawing a text twice alone; the
    rest is due to unequal probabilities.
    """
    start = errors[Design(WITH_REPLACEMENT, "uniform")]
    simple = errors[Design(SIMPLE_RANDOM, "uniform")]
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
    """Return a row of the table: the root mean squares of the errors of R runs.

    `errors` has shape (R, 2), with the absolute error first.
    """
    absolute, relative = np.sqrt(np.mean(np.square(errors), axis=0))
    return {
        "draws": design.draws,
        "size_measure": design.size,
        "d": n_unique,
        "share": n_unique / n_texts,
        "relative_error": float(relative),
        "absolute_error": float(absolute),
    }
