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
    sample_sizes,
    sequential_order,
)
from modelmap.resample.errors import root_mean_square
from modelmap.resample.estimate import UniqueTexts, unique_texts
from modelmap.resample.gram import ErrorMeter, sample_errors
from modelmap.resample.methods import METHODS
from modelmap.resample.pair_terms import PairTerms
from modelmap.resample.settings import ResampleSettings

MOST_DRAWS_PER_TEXT = 1000
"""Designs with replacement that need more draws than this times N are left out.

One text that rules all others is drawn almost every time, and a sample of several texts then takes
more draws than memory can hold.
"""
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

    `probabilities` are those of one draw, shape (N,). Raises ValueError if is_reached says that
    no reasonable number of draws does.
    """
    if not is_reached(probabilities, n_unique):
        raise ValueError(f"draws with replacement do not reach {n_unique} unique texts")

    def excess(draws: float) -> float:
        return mean_unique_texts(probabilities, draws) - n_unique

    upper = 10.0 * n_unique
    while excess(upper) < 0:
        upper *= 10
    return round(float(brentq(excess, 1, upper)))


def is_reached(probabilities: Vector, n_unique: int) -> bool:
    """Return whether MOST_DRAWS_PER_TEXT times N draws give `n_unique` unique texts on average."""
    # No finite number of draws gives all texts on average, but powers of small numbers round to 0.
    most = MOST_DRAWS_PER_TEXT * len(probabilities)
    return (
        n_unique < (probabilities > 0).sum() and mean_unique_texts(probabilities, most) >= n_unique
    )


def mean_unique_texts(probabilities: Vector, n_draws: float) -> float:
    """Return the mean number of unique texts among `n_draws` draws with replacement."""
    # Text s is among the unique texts unless all draws miss it: (1 - pi_s)^draws.
    return float((1 - np.power(1 - probabilities, n_draws)).sum())


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
    coordinates: Matrix,
    distances: Matrix,
    pairs: PairTerms | None,
    settings: ResampleSettings,
    n_workers: int,
) -> pd.DataFrame:
    """Return the errors of every design at each number of unique texts, one row each.

    Numbers that a design does not reach have no row. `coordinates` are Q, shape (K, N), and
    `distances` G, shape (K, K). With `pairs` the errors of the mixture estimates from the same
    samples are measured as well. Columns are those of DESIGN_ERRORS.
    """
    measures, meter = size_measures(coordinates, distances), ErrorMeter(distances)
    unique = dict.fromkeys(sample_sizes(settings.unique_shares, coordinates.shape[1]).values())
    cells = [
        (design, n)
        for design in DESIGNS
        for n in unique
        if design.draws != WITH_REPLACEMENT
        or is_reached(measures[design.size] / measures[design.size].sum(), n)
    ]
    evaluate = partial(_evaluate, coordinates, measures, meter, pairs, settings)
    return pd.DataFrame(parallel_map(evaluate, cells, n_workers, "comparing designs"))


def _evaluate(
    coordinates: Matrix,
    measures: dict[str, Vector],
    meter: ErrorMeter,
    pairs: PairTerms | None,
    settings: ResampleSettings,
    cell: tuple[Design, int],
) -> dict[str, object]:
    design, n_unique = cell
    rng = named_rng(settings.seed, "designs", design.draws, design.size, str(n_unique))
    samples = [
        design_sample(design, measures[design.size], n_unique, rng)
        for _ in range(settings.n_design_runs)
    ]
    errors = np.array([sample_errors(coordinates, sample, meter) for sample in samples])
    mixture = float("nan")
    if pairs is not None:
        mixture = root_mean_square(np.array([pairs.relative_error(each) for each in samples]))
    row = comparison_row(design, n_unique, coordinates.shape[1], errors)
    return {**row, "mixture_error": mixture}


def gain_metrics(designs: pd.DataFrame) -> dict[str, object]:
    """Return metrics that compare the best design with others at COMPARED_SHARE of the texts.

    `designs` is the table of design_errors; the nearest of its shares is taken that uniform draws
    with replacement reach. Without such a share nothing is compared.
    """
    start = designs[(designs["draws"] == WITH_REPLACEMENT) & (designs["size_measure"] == "uniform")]
    if start.empty:
        return {"designs_compared_at_unique_texts": None}
    share = min(start["share"], key=lambda value: abs(value - COMPARED_SHARE))
    compared = designs[designs["share"] == share]
    errors = {
        Design(row.draws, row.size_measure): row.relative_error for row in compared.itertuples()
    }
    gain = gain_parts(errors, Design(SEQUENTIAL_POISSON, "relative"))
    return {
        "designs_compared_at_unique_texts": int(compared["d"].iloc[0]),
        **{
            f"designs_{name}": None if value is None else round(value, 3)
            for name, value in gain.items()
        },
    }


def gain_parts(errors: Mapping[Design, float], best: Design) -> dict[str, float | None]:
    """Return how much of the best design's gain comes from sampling without replacement.

    The gain is the decrease in error from uniform draws with replacement to `best`. The decrease
    to simple random sampling without replacement is due to not drawing a text twice alone; the
    rest is due to unequal probabilities. The share is None if there is no gain.
    """
    start = errors[Design(WITH_REPLACEMENT, "uniform")]
    simple = errors[Design(SIMPLE_RANDOM, "uniform")]
    gain = start - errors[best]
    return {
        "error_with_replacement": start,
        "error_simple_random": simple,
        "error_best": errors[best],
        "share_of_gain_from_not_drawing_twice": (start - simple) / gain if gain else None,
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
