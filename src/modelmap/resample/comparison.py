"""The papers' draws and designs without replacement at the same number of unique texts (ours)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from modelmap.plumbing.arrays import Matrix, Vector
from modelmap.plumbing.parallel import each
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
"""The share of the texts at which the metrics compare designs. The plot has all shares."""


@dataclass(frozen=True)
class Design:
    """A way of drawing d unique texts: how they are drawn, and by which size measure."""

    draws: str
    size: str


def size_measures(coordinates: Matrix, distances: Matrix) -> dict[str, Vector]:
    """Return the size measure of every sampling method by its key, each of shape (N,)."""
    return {key: method.size(coordinates, distances) for key, method in METHODS.items()}


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


def with_replacement(size: Vector, n_unique: int, rng: np.random.Generator) -> UniqueTexts:
    """Return independent draws, of `n_unique` unique texts on average."""
    probabilities = size / size.sum()
    draws = draws_for(probabilities, n_unique)
    return unique_texts(rng.choice(len(size), draws, p=probabilities), probabilities)


def pivotal(size: Vector, n_unique: int, rng: np.random.Generator) -> UniqueTexts:
    """Return a sample of the random pivotal method."""
    inclusion = inclusion_probabilities(size, n_unique)
    return horvitz_thompson(pivotal_sample(inclusion, rng), inclusion)


def sequential_poisson(size: Vector, n_unique: int, rng: np.random.Generator) -> UniqueTexts:
    """Return a sequential Poisson sample; of equal sizes it is a simple random sample."""
    chosen = sequential_order(size, rng.random(len(size)))[:n_unique]
    return horvitz_thompson(chosen, inclusion_probabilities(size, n_unique))


WITH, SIMPLE, PIVOTAL, SEQUENTIAL = (
    *("with replacement", "simple random"),
    *("pivotal", "sequential Poisson"),
)
DRAWS: dict[str, Callable[[Vector, int, np.random.Generator], UniqueTexts]] = {
    WITH: with_replacement,
    SIMPLE: sequential_poisson,
    PIVOTAL: pivotal,
    SEQUENTIAL: sequential_poisson,
}
"""How texts are drawn, by name. A simple random sample is the one of equal sizes."""
UNEQUAL = tuple(key for key in METHODS if key != "uniform")
DESIGNS = (
    *(Design(WITH, key) for key in METHODS),
    Design(SIMPLE, "uniform"),
    *(Design(draws, key) for draws in (PIVOTAL, SEQUENTIAL) for key in UNEQUAL),
)
"""Every design that is compared, in the order of the table."""


def drawn(design: Design, size: Vector, n_unique: int, rng: np.random.Generator) -> UniqueTexts:
    """Return one weighted sample of a design."""
    return DRAWS[design.draws](size, n_unique, rng)


def design_errors(
    coordinates: Matrix, distances: Matrix, settings: ResampleSettings, n_workers: int
) -> pd.DataFrame:
    """Return the errors of every design at each number of unique texts."""
    n_texts = coordinates.shape[1]
    measures, meter = size_measures(coordinates, distances), ErrorMeter(distances)
    unique = [max(2, round(share * n_texts)) for share in settings.unique_shares]
    cells = [(design, n) for design in DESIGNS for n in unique]
    one = partial(_one_cell, coordinates, measures, meter, settings)
    return pd.DataFrame(each(one, cells, n_workers, "comparing designs"))


def _one_cell(
    coordinates: Matrix,
    measures: dict[str, Vector],
    meter: ErrorMeter,
    settings: ResampleSettings,
    cell: tuple[Design, int],
) -> dict[str, object]:
    design, n_unique = cell
    rng = named_rng(settings.seed, "designs", design.draws, design.size, str(n_unique))
    errors = [
        sample_errors(coordinates, drawn(design, measures[design.size], n_unique, rng), meter)
        for _ in range(settings.n_design_runs)
    ]
    return comparison_row(design, n_unique, coordinates.shape[1], np.array(errors))


def gain_metrics(designs: pd.DataFrame) -> dict[str, object]:
    """Return how the best design compares with others at COMPARED_SHARE of the texts."""
    share = min(designs["share"], key=lambda one: abs(one - COMPARED_SHARE))
    compared = designs[designs["share"] == share]
    errors = {
        Design(row.draws, row.size_measure): row.relative_error for row in compared.itertuples()
    }
    gain = parts_of_the_gain(errors, Design(SEQUENTIAL, "relative"))
    return {
        "designs_compared_at_unique_texts": int(compared["d"].iloc[0]),
        **{f"designs_{name}": round(value, 3) for name, value in gain.items()},
    }


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
