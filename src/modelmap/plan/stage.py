"""Stage plan: the order in which to score texts, and the error of the first texts."""

from functools import partial

import pandas as pd

from modelmap.divergence.kl import reason_if_identical, squared_distances
from modelmap.divergence.settings import DivergenceSettings
from modelmap.divergence.tables import read_importance
from modelmap.matrix.file import read_matrix
from modelmap.matrix.segments_file import read_segments
from modelmap.plan.check import plan_errors, plan_metrics
from modelmap.plan.mixture_error import mixture_error, mixture_plan_errors
from modelmap.plan.ordered_texts import (
    plan_error,
    plan_table,
    size_measure,
)
from modelmap.plan.settings import PlanSettings
from modelmap.plan.tables import PLAN, PLAN_ERRORS
from modelmap.plumbing.files import write_json
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import empty_table, read_table, write_csv, write_table
from modelmap.resample.pair_terms import pair_terms
from modelmap.texts.random_order import permanent_random_numbers
from modelmap.texts.tables import TEXTS
from modelmap.texts.text_set import check_text_set


def run(layout: Layout) -> None:
    """Write data/plan.parquet, reports/plots/plan.csv and reports/metrics/plan.json."""
    settings = read_section(layout, "plan", PlanSettings)
    estimate = read_section(layout, "divergence", DivergenceSettings).estimate
    matrix = read_matrix(layout.matrix)
    texts = read_table(layout.texts, TEXTS)
    check_text_set(texts["text"], matrix.text_set)
    coordinates = matrix.coordinates()
    distances = squared_distances(coordinates)
    size = size_measure(coordinates, distances, settings.size_measure, settings.even_share)
    plan = plan_table(size, permanent_random_numbers(texts["text"].tolist(), settings.seed))
    write_table(plan, PLAN, layout.plan)
    pairs = None
    if estimate == "mixture":
        segments = read_segments(layout.segments, layout.segment_table)
        pairs = pair_terms(segments.of(matrix.models), settings.seed)
    reason = reason_if_identical(coordinates) if pairs is None else pairs.reason_if_identical()
    if reason is not None:
        metrics: dict[str, object] = {"n_texts": len(plan), "skipped": reason}
        _write_errors(layout, empty_table(PLAN_ERRORS), {"estimate": estimate, **metrics})
        return
    n_workers = load_hardware(layout.conf).n_workers
    if pairs is not None:
        importance = read_importance(layout.text_importance)
        errors = mixture_plan_errors(pairs, importance, plan, settings, n_workers)
        error_of = partial(mixture_error, importance, plan)
    else:
        errors = plan_errors(coordinates, distances, plan, settings, n_workers)
        error_of = partial(plan_error, coordinates, distances, plan)
    metrics = plan_metrics(error_of, len(plan), errors, settings)
    _write_errors(layout, errors, {"estimate": estimate, **metrics})


def _write_errors(layout: Layout, errors: pd.DataFrame, metrics: dict[str, object]) -> None:
    write_csv(errors, PLAN_ERRORS, layout.plot("plan"))
    write_json(layout.metrics("plan"), metrics)
