"""Stage order: texts in the order they are best scored in, and what the order's error will be."""

from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modelmap.divergence.kl import squared_distances
from modelmap.matrix.file import LogLikelihoods, read_matrix
from modelmap.plan.design_variance import some_pairs
from modelmap.plan.ordered_texts import (
    covered,
    defended,
    permanent_random_numbers,
    plan_error,
    plan_table,
    planned_sample,
    texts_for_error,
)
from modelmap.plan.settings import PlanSettings
from modelmap.plan.tables import PLAN, PLAN_ERRORS
from modelmap.plumbing.arrays import Matrix, Vector
from modelmap.plumbing.files import write_json
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.parallel import each
from modelmap.plumbing.section import read_section
from modelmap.plumbing.seeds import named_rng
from modelmap.plumbing.tables import read_table, write_csv, write_table
from modelmap.resample.comparison import size_measures
from modelmap.resample.gram import ErrorMeter, sample_errors
from modelmap.texts.tables import TEXTS
from modelmap.texts.text_set import check_text_set

MOST_PAIRS = 2_000
"""Pairs whose intervals are checked; more models have a random part of their pairs checked."""


def run(layout: Layout) -> None:
    """Write data/plan.parquet, reports/plots/plan.csv and their metrics."""
    settings = read_section(layout, "plan", PlanSettings)
    matrix = read_matrix(layout.matrix)
    texts = read_table(layout.texts, TEXTS)
    check_text_set(texts["text"], matrix.text_set)
    coordinates = matrix.coordinates()
    distances = squared_distances(coordinates)
    size = defended(
        size_measures(coordinates, distances)[settings.size_measure], settings.even_share
    )
    plan = plan_table(size, permanent_random_numbers(texts["text"].tolist(), settings.seed))
    errors = _errors(coordinates, distances, plan, settings, load_hardware(layout.conf).n_workers)
    write_table(plan, PLAN, layout.plan)
    write_csv(errors, PLAN_ERRORS, layout.plot("plan"))
    write_json(layout.metrics("plan"), _metrics(coordinates, distances, plan, errors, matrix))


def _errors(
    coordinates: Matrix,
    distances: Matrix,
    plan: pd.DataFrame,
    settings: PlanSettings,
    n_workers: int,
) -> pd.DataFrame:
    sizes = [max(2, round(share * len(plan))) for share in settings.checked_shares]
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


def _redrawn(
    coordinates: Matrix,
    distances: Matrix,
    plan: pd.DataFrame,
    sizes: list[int],
    pairs: tuple[NDArray[np.int64], NDArray[np.int64]],
    seed: int,
    number: int,
) -> tuple[Vector, NDArray[np.bool_]]:
    rng = named_rng(seed, "plan check", str(number))
    other = plan_table(plan["size_measure"].to_numpy(), rng.random(len(plan)))
    samples = [planned_sample(other, n) for n in sizes]
    meter = ErrorMeter(distances)
    errors = [sample_errors(coordinates, sample, meter)[1] for sample in samples]
    inside = [covered(coordinates, distances, sample, pairs) for sample in samples]
    return np.array(errors), np.array(inside)


def _metrics(
    coordinates: Matrix,
    distances: Matrix,
    plan: pd.DataFrame,
    errors: pd.DataFrame,
    matrix: LogLikelihoods,
) -> dict[str, object]:
    told: dict[str, object] = {"n_texts": matrix.n_texts}
    for error in (0.1, 0.05, 0.02):
        n_chosen = texts_for_error(coordinates, distances, plan, error)
        told[f"texts_for_relative_error_{error}"] = n_chosen
    for row in errors.itertuples():
        told[f"predicted_error_at_{row.d}"] = round(row.predicted_error, 3)
        told[f"redrawn_error_at_{row.d}"] = round(row.redrawn_error, 3)
        told[f"this_order_error_at_{row.d}"] = round(row.this_order_error, 3)
        told[f"interval_coverage_at_{row.d}"] = round(row.interval_coverage, 2)
    return told
