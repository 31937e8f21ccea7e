"""`modelmap plan`: the texts to score first, for a given number of texts or a given error."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from modelmap.divergence.kl import squared_distances
from modelmap.divergence.tables import read_importance
from modelmap.matrix.file import read_matrix
from modelmap.plan.mixture_error import mixture_error
from modelmap.plan.ordered_texts import plan_error, planned_texts, size_measure, texts_for_error
from modelmap.plan.settings import PlanSettings
from modelmap.plan.tables import PLAN
from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import write_text
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import read_table

MIN_TEXTS = 2
ROUNDING = 1e-6


def run(layout: Layout, n_chosen: int | None, error: float | None, output: Path | None) -> None:
    """Write the first texts of the plan as CSV, and print their expected error to standard error.

    Give `n_chosen`, or `error` for the fewest texts with that expected relative error. Columns are
    rank, text_id, probability (of inclusion) and weight; without `output` they go to standard
    output. Raises UserError if the number of texts is out of range, if the error is not above 0,
    or if the plan is not that of the matrix and the settings.
    """
    plan = read_table(layout.plan, PLAN)
    coordinates = read_matrix(layout.matrix).coordinates()
    distances = squared_distances(coordinates)
    _check_plan(plan, coordinates, distances, read_section(layout, "plan", PlanSettings))
    error_of = _expected_error(layout, plan, coordinates, distances)
    if error is not None:
        if not error > 0:
            raise UserError(f"--error {error:g}: give a relative error above 0, such as 0.05")
        n_chosen = texts_for_error(error_of, len(plan), error)
    assert n_chosen is not None
    if not MIN_TEXTS <= n_chosen <= len(plan):
        raise UserError(f"--texts {n_chosen}: give a number from {MIN_TEXTS} to {len(plan)}")
    chosen = planned_texts(plan, n_chosen)[["rank", "text_id", "probability", "weight"]]
    text = chosen.to_csv(index=False)
    if output is None:
        sys.stdout.write(text)
    else:
        write_text(output, text)
    print(
        f"{n_chosen} of {len(plan)} texts: the expected relative error of KL divergences is "
        f"{error_of(n_chosen):.3f} (root mean square over pairs, with respect to all {len(plan)} "
        "texts)",
        file=sys.stderr,
    )


def _expected_error(
    layout: Layout, plan: pd.DataFrame, coordinates: Matrix, distances: Matrix
) -> Callable[[int], float]:
    """Return the function that gives the expected relative error of a number of texts.

    It is that of the estimates in kl.parquet: of the mixture, or of the papers if there is none.
    """
    importance = read_importance(layout.text_importance)
    if not len(importance):
        return partial(plan_error, coordinates, distances, plan)
    if len(importance) != len(plan):
        raise UserError("text_importance.parquet is not of the present plan: run `dvc repro plan`")
    return partial(mixture_error, importance, plan)


def _check_plan(
    plan: pd.DataFrame, coordinates: Matrix, distances: Matrix, settings: PlanSettings
) -> None:
    """Raise UserError unless the size measure of a plan is that of Q, shape (K, N)."""
    n_texts = coordinates.shape[1]
    is_right = plan["text_id"].tolist() == list(range(n_texts))
    if is_right:
        size = size_measure(coordinates, distances, settings.size_measure, settings.even_share)
        # Another machine may sum in another order.
        is_right = np.allclose(plan["size_measure"], size, rtol=ROUNDING, atol=ROUNDING)
    if not is_right:
        raise UserError(
            "plan.parquet is not of the present matrix and settings: run `dvc repro plan`"
        )
