"""The error of a plan: predicted, of its own order, and of other random orders."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from modelmap.divergence.neighbours import sampled_pairs
from modelmap.plan.ordered_texts import (
    intervals_cover,
    plan_error,
    plan_table,
    planned_sample,
    texts_for_error,
)
from modelmap.plan.settings import PlanSettings
from modelmap.plumbing.arrays import Indices, Mask, Matrix, Vector
from modelmap.plumbing.parallel import parallel_map
from modelmap.plumbing.seeds import named_rng
from modelmap.resample.designs import sample_sizes
from modelmap.resample.gram import ErrorMeter, sample_errors

MAX_PAIRS = 2_000
"""Number of pairs of models whose intervals are checked at most. They are drawn at random."""
ERROR_PERCENTS = (10, 5, 2)
"""Relative errors, in percent, for which the metrics give the number of texts needed."""


def plan_errors(
    coordinates: Matrix,
    distances: Matrix,
    plan: pd.DataFrame,
    settings: PlanSettings,
    n_workers: int,
) -> pd.DataFrame:
    """Return one row for each checked number of texts d: three errors and a coverage.

    `coordinates` are Q, shape (K, N), and `distances` G, shape (K, K). Columns are those of
    PLAN_ERRORS. Errors are relative (resample/errors.py). The coverage of a pair is the share of
    `settings.n_checks` random orders whose 95% interval contains the pair's distance from all N
    texts; the table has the median over pairs.
    """
    sizes = list(dict.fromkeys(sample_sizes(settings.checked_shares, len(plan)).values()))
    rng = named_rng(settings.seed, "plan check", "pairs")
    first, second = sampled_pairs(len(coordinates), MAX_PAIRS, rng).T
    pairs = (first, second)
    check = partial(_check_other_order, coordinates, distances, plan, sizes, pairs, settings.seed)
    runs = parallel_map(check, range(settings.n_checks), n_workers, "checking the plan")
    meter = ErrorMeter(distances)
    return pd.DataFrame(
        {
            "d": sizes,
            "predicted_error": [plan_error(coordinates, distances, plan, n) for n in sizes],
            "this_order_error": [
                sample_errors(coordinates, planned_sample(plan, n), meter)[1] for n in sizes
            ],
            "redrawn_error": np.sqrt(np.mean([np.square(errors) for errors, _ in runs], axis=0)),
            "interval_coverage": np.median(
                np.mean([covered for _, covered in runs], axis=0), axis=1
            ),
        }
    )


def _check_other_order(
    coordinates: Matrix,
    distances: Matrix,
    plan: pd.DataFrame,
    sizes: list[int],
    pairs: tuple[Indices, Indices],
    seed: int,
    number: int,
) -> tuple[Vector, Mask]:
    """Return the relative errors and the intervals' coverage of another random order.

    Shapes are (sizes,) and (sizes, P). The coverage of a pair is True if its interval contains the
    distance from all N texts.
    """
    rng = named_rng(seed, "plan check", str(number))
    other_plan = plan_table(plan["size_measure"].to_numpy(), rng.random(len(plan)))
    samples = [planned_sample(other_plan, n) for n in sizes]
    meter = ErrorMeter(distances)
    errors = [sample_errors(coordinates, sample, meter)[1] for sample in samples]
    covered = [intervals_cover(coordinates, distances, sample, pairs) for sample in samples]
    return np.array(errors), np.array(covered)


def plan_metrics(
    error_of: Callable[[int], float], n_texts: int, errors: pd.DataFrame, settings: PlanSettings
) -> dict[str, object]:
    """Return the numbers of texts that reach ERROR_PERCENTS, and the errors at checked shares.

    `error_of` gives the expected error of a number of texts. Keys contain shares of the texts
    instead of numbers, so that runs of different N have the same keys and can be compared.
    """
    needed = {
        f"{percent}_percent": texts_for_error(error_of, n_texts, percent / 100)
        for percent in ERROR_PERCENTS
    }
    errors_at_sizes = {
        row.d: {
            "d": int(row.d),
            "predicted_error": round(row.predicted_error, 3),
            "redrawn_error": round(row.redrawn_error, 3),
            "this_order_error": round(row.this_order_error, 3),
            "interval_coverage": round(row.interval_coverage, 2),
        }
        for row in errors.itertuples()
    }
    errors_at_shares = {
        f"at_{100 * share:g}_percent_of_texts": errors_at_sizes[size]
        for share, size in sample_sizes(settings.checked_shares, n_texts).items()
    }
    return {"n_texts": n_texts, "texts_for_relative_error": needed, **errors_at_shares}
