"""Stage predict: predict targets of models from their coordinates and other families' targets."""

from modelmap.matrix.clip_centre import clipped
from modelmap.matrix.file import LogLikelihoods, read_matrix, read_matrix_models
from modelmap.matrix.settings import MatrixSettings
from modelmap.matrix.tables import CATEGORY_BITS
from modelmap.plumbing.files import write_json
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import check_models, read_table, write_csv, write_table
from modelmap.predict.evaluate import predictable, prediction_curves
from modelmap.predict.scores import matched_scores, read_scores
from modelmap.predict.settings import HELD_OUT, PredictSettings
from modelmap.predict.summary import predict_metrics, prediction_tables, shares_table
from modelmap.predict.tables import PREDICTION_CURVES, PREDICTION_TABLE, PREDICTIONS
from modelmap.predict.targets import Found, held_out_problems, score_problem
from modelmap.texts.tables import TEXTS
from modelmap.texts.text_set import check_text_set


def run(layout: Layout) -> None:
    """Write data/predictions.parquet, two CSV files in reports/plots, and their metrics."""
    settings = read_section(layout, "predict", PredictSettings)
    matrix = read_matrix(layout.matrix)
    models = read_matrix_models(layout.models, matrix)
    families = models["family"].to_numpy(dtype=object)
    find = _held_out_problems if settings.targets == HELD_OUT else _score_problems
    found, source, skipped = find(layout, settings, matrix)
    problems, unpredictable = predictable(found, families, settings.split_seeds)
    curves = prediction_curves(problems, families, settings, load_hardware(layout.conf).n_workers)
    predictions = prediction_tables(problems, matrix.models, families, settings.split_seeds[0])
    write_table(predictions, PREDICTIONS, layout.predictions)
    write_csv(curves, PREDICTION_CURVES, layout.plot("prediction"))
    write_csv(shares_table(curves), PREDICTION_TABLE, layout.plot("prediction_table"))
    results = predict_metrics(curves, predictions, families, settings)
    write_json(layout.metrics("predict"), {**source, **results, "skipped": skipped | unpredictable})


def _held_out_problems(layout: Layout, settings: PredictSettings, matrix: LogLikelihoods) -> Found:
    texts = read_table(layout.texts, TEXTS)
    check_text_set(texts["text"], matrix.text_set)
    bits = read_table(layout.category_bits, CATEGORY_BITS)
    # Those of the models that are not scored on all texts are not wanted.
    bits = bits[bits["model"].isin(matrix.models)].pivot(
        index="model", columns="category", values="bits_per_byte"
    )
    check_models(bits.dropna().index, matrix.models, layout.category_bits.name)
    quantile = read_section(layout, "matrix", MatrixSettings).clip_quantile
    problems, skipped = held_out_problems(
        matrix.loglik_nats, texts, bits.loc[matrix.models], quantile, settings.alphas("loglik")
    )
    return problems, {"targets_from": HELD_OUT}, skipped


def _score_problems(layout: Layout, settings: PredictSettings, matrix: LogLikelihoods) -> Found:
    scores = read_scores(layout.raw / settings.targets)
    loglik_nats = clipped(matrix.loglik_nats, matrix.clip_threshold)
    alphas = settings.alphas("score"), settings.alphas("loglik")
    problem = score_problem(loglik_nats, matrix.models, scores, *alphas)
    return [problem], matched_scores(scores, matrix.models, settings.targets), {}
