"""How large the error of a plan is: as predicted, as found, and as found with other orders."""

from functools import partial

import numpy as np
import pandas as pd

from modelmap.plan.design_variance import some_pairs
from modelmap.plan.ordered_texts import (
    covered,
    plan_error,
    plan_table,
    planned_sample,
    texts_for_error,
)
from modelmap.plan.settings import PlanSettings
from modelmap.plumbing.arrays import Indices, Mask, Matrix, Vector
from modelmap.plumbing.parallel import each
from modelmap.plumbing.seeds import named_rng
from modelmap.resample.gram import ErrorMeter, sample_errors

MOST_PAIRS = 2_000
"""Pairs whose intervals are checked. Of more pairs, a random part of this size is checked."""
ASKED_PERCENT = (10, 5, 2)
"""Relative errors whose numbers of texts the metrics give."""


def plan_errors(
    coordinates: Matrix,
    distances: Matrix,
    plan: pd.DataFrame,
    settings: PlanSettings,
    n_workers: int,
) -> pd.DataFrame:
    """Return one row for each checked share of the texts: d, three errors and the coverage.

    Errors are relative, root mean squared over pairs. The coverage is that of the 95% interval of
    the median pair, whose truth is the distance from all N texts.
    """
    sizes = checked_sizes(settings, len(plan))
    rng = named_rng(settings.seed, "plan check", "pairs")
    pairs = some_pairs(len(coordinates), MOST_PAIRS, rng)
    redrawn = partial(_redrawn, coordinates, distances, plan, sizes, pairs, settings.seed)
    runs = each(redrawn, range(settings.n_checks), n_workers, "checking the plan")
    meter = ErrorMeter(distances)
    return pd.DataFrame(
        {
            "d": sizes,
            "predicted_error": [plan_error(coordinates, distances, plan, n) for n in sizes],
            "this_order_error": [
                sample_errors(coordinates, planned_sample(plan, n), meter)[1] for n in sizes
            ],
            "redrawn_error": np.sqrt(np.mean([np.square(errors) for errors, _ in runs], axis=0)),
            "interval_coverage": np.median(np.mean([inside for _, inside in runs], axis=0), axis=1),
        }
    )


def checked_sizes(settings: PlanSettings, n_texts: int) -> list[int]:
    """Return the number of texts of each checked share, 2 or more."""
    return [max(2, round(share * n_texts)) for share in settings.checked_shares]


def _redrawn(
    coordinates: Matrix,
    distances: Matrix,
    plan: pd.DataFrame,
    sizes: list[int],
    pairs: tuple[Indices, Indices],
    seed: int,
    number: int,
) -> tuple[Vector, Mask]:
    """Return the errors of another random order at each size, and which intervals hold."""
    rng = named_rng(seed, "plan check", str(number))
    other = plan_table(plan["size_measure"].to_numpy(), rng.random(len(plan)))
    samples = [planned_sample(other, n) for n in sizes]
    meter = ErrorMeter(distances)
    errors = [sample_errors(coordinates, sample, meter)[1] for sample in samples]
    inside = [covered(coordinates, distances, sample, pairs) for sample in samples]
    return np.array(errors), np.array(inside)


def plan_metrics(
    coordinates: Matrix,
    distances: Matrix,
    plan: pd.DataFrame,
    errors: pd.DataFrame,
    settings: PlanSettings,
) -> dict[str, object]:
    """Return the texts that a few errors take, and the errors at each checked share of the texts.

    The keys name shares, not numbers of texts, so that runs of different N can be compared.
    """
    needed = {
        f"{percent}_percent": texts_for_error(coordinates, distances, plan, percent / 100)
        for percent in ASKED_PERCENT
    }
    found = {
        f"at_{100 * share:g}_percent_of_texts": {
            "d": int(row.d),
            "predicted_error": round(row.predicted_error, 3),
            "redrawn_error": round(row.redrawn_error, 3),
            "this_order_error": round(row.this_order_error, 3),
            "interval_coverage": round(row.interval_coverage, 2),
        }
        for share, row in zip(settings.checked_shares, errors.itertuples(), strict=True)
    }
    return {"n_texts": len(plan), "texts_for_relative_error": needed, **found}
