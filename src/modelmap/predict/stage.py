"""Stage predict: ridge regression from coordinates to what models score, by unseen families."""

from collections.abc import Sequence
from functools import partial

import pandas as pd
from threadpoolctl import threadpool_limits

from modelmap.matrix.clip_centre import clipped
from modelmap.matrix.file import LogLikelihoods, read_matrix
from modelmap.matrix.settings import MatrixSettings
from modelmap.matrix.tables import CATEGORY_BITS, MODELS
from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import write_json
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.parallel import each
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import empty_table, read_table, write_csv, write_table
from modelmap.predict.evaluate import Families, all_texts, alone_rows, curve_rows, sampled, usable
from modelmap.predict.scores import read_scores
from modelmap.predict.settings import HELD_OUT, PredictSettings
from modelmap.predict.summary import (
    means_over_targets,
    prediction_table,
    shares_table,
    target_metrics,
)
from modelmap.predict.tables import PREDICTION_CURVES, PREDICTION_TABLE, PREDICTIONS
from modelmap.predict.targets import Problem, held_out_problems, score_problem
from modelmap.texts.tables import TEXTS
from modelmap.texts.text_set import text_set_hash


def run(layout: Layout) -> None:
    """Write data/predictions.parquet, prediction.csv, prediction_table.csv and their metrics."""
    settings = read_section(layout, "predict", PredictSettings)
    matrix = read_matrix(layout.matrix)
    models = read_table(layout.models, MODELS).set_index("model")
    families = models.loc[matrix.models, "family"].to_numpy(dtype=object)
    found = _held_out if settings.targets == HELD_OUT else _scored
    problems, told, skipped = found(layout, settings, matrix)
    problems, unusable = usable(problems, families, settings.split_seeds)
    curves = _curves(problems, families, settings, load_hardware(layout.conf).n_workers)
    predictions = _predictions(problems, matrix.models, families, settings.split_seeds[0])
    write_table(predictions, PREDICTIONS, layout.predictions)
    write_csv(curves, PREDICTION_CURVES, layout.plot("prediction"))
    write_csv(shares_table(curves), PREDICTION_TABLE, layout.plot("prediction_table"))
    told |= {
        "n_models": len(matrix.models),
        "n_families": len(set(families)),
        "n_splits": len(settings.split_seeds),
        **means_over_targets(curves),
        "targets": target_metrics(curves, predictions),
        "skipped": skipped | unusable,
    }
    write_json(layout.metrics("predict"), told)


def _held_out(
    layout: Layout, settings: PredictSettings, matrix: LogLikelihoods
) -> tuple[list[Problem], dict[str, object], dict[str, str]]:
    """Return a problem per category, what the metrics tell of them, and why others have none."""
    texts = read_table(layout.texts, TEXTS)
    if text_set_hash(texts["text"]) != matrix.text_set:
        raise UserError("texts.parquet is not the text set of matrix.parquet: run `dvc repro`")
    bits = read_table(layout.category_bits, CATEGORY_BITS).pivot(
        index="model", columns="category", values="bits_per_byte"
    )
    quantile = read_section(layout, "matrix", MatrixSettings).clip_quantile
    problems, skipped = held_out_problems(
        matrix.loglik_nats, texts, bits.loc[matrix.models], quantile, settings.alphas("loglik")
    )
    return problems, {"targets_from": HELD_OUT}, skipped


def _scored(
    layout: Layout, settings: PredictSettings, matrix: LogLikelihoods
) -> tuple[list[Problem], dict[str, object], dict[str, str]]:
    """Return the one problem of a file of scores, and how its models and the matrix's match."""
    scores = read_scores(layout.raw / settings.targets)
    without = [name for name in matrix.models if name not in scores.index]
    unknown = [name for name in scores.index if name not in matrix.models]
    if len(unknown) == len(scores):
        raise UserError(
            f"{settings.targets} has none of the map's models: it has {listed(unknown)}, "
            f"the map {listed(matrix.models)}"
        )
    told: dict[str, object] = {
        "targets_from": settings.targets,
        "n_models_without_scores": len(without),
        "models_without_scores": listed(without),
        "n_scores_of_no_model": len(unknown),
        "scores_of_no_model": listed(unknown),
    }
    loglik_nats = clipped(matrix.loglik_nats, matrix.clip_threshold)
    alphas = settings.alphas("score"), settings.alphas("loglik")
    return [score_problem(loglik_nats, matrix.models, scores, *alphas)], told, {}


def _curves(
    problems: Sequence[Problem], families: Families, settings: PredictSettings, n_workers: int
) -> pd.DataFrame:
    points = [
        point
        for problem in problems
        for point in [all_texts(problem), *sampled(problem, settings.sizes)]
    ]
    one = partial(curve_rows, families=families, split_seeds=settings.split_seeds)
    rows = each(one, points, n_workers, "predicting")
    alone = [alone_rows(problem) for problem in problems]
    return pd.concat([empty_table(PREDICTION_CURVES), *rows, *alone], ignore_index=True)


def _predictions(
    problems: Sequence[Problem], models: Sequence[str], families: Families, split_seed: int
) -> pd.DataFrame:
    with threadpool_limits(1):
        tables = [prediction_table(problem, models, families, split_seed) for problem in problems]
    return pd.concat([empty_table(PREDICTIONS), *tables], ignore_index=True)
