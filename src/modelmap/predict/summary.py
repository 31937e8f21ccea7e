"""Tables and metrics of predictions: out-of-fold predictions, and correlations per target."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from modelmap.plumbing.tables import empty_table
from modelmap.predict.correlation import ALL_TEXTS, BASELINE, all_texts_and_baseline, correlations
from modelmap.predict.evaluate import Families, all_texts_point, fold_members, out_of_fold
from modelmap.predict.settings import PredictSettings
from modelmap.predict.tables import PREDICTION_TABLE, PREDICTIONS
from modelmap.predict.targets import Problem
from modelmap.resample.methods import PAPERS

SHARES = {"N/1000": 0.001, "N/100": 0.01, "N/10": 0.1, "N": 1.0}
"""Shares of the texts in the table of correlations (Oyama et al. 2025, EMNLP Findings, Table 2)."""
MEASURES = ("pearson", "pearson_sd", "spearman", "spearman_sd")


def prediction_table(
    problem: Problem, models: Sequence[str], families: Families, split_seed: int
) -> pd.DataFrame:
    """Return one row per target and model with the columns of PREDICTIONS.

    Predictions are out-of-fold, from all texts. Models whose truth is unknown have no row.
    """
    coordinates = all_texts_point(problem).coordinates()
    predictions = out_of_fold(coordinates, problem.targets, families, [split_seed])[:, 0]
    frames = []
    for target, prediction in zip(problem.targets, predictions, strict=True):
        known = np.flatnonzero(~np.isnan(target.truth))
        fold = np.empty(len(known), dtype=np.int64)
        for number, part in enumerate(fold_members(families[known], split_seed)):
            fold[part] = number
        columns = {
            "target": target.name,
            "model": np.asarray(models, dtype=object)[known],
            "fold": fold,
            "truth": target.truth[known],
            "prediction": prediction[known],
        }
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True)


def prediction_tables(
    problems: Sequence[Problem], models: Sequence[str], families: Families, split_seed: int
) -> pd.DataFrame:
    """Return the prediction tables of all problems as one."""
    # With more threads BLAS adds numbers in another order, which changes the last digits.
    with threadpool_limits(1):
        tables = [prediction_table(problem, models, families, split_seed) for problem in problems]
    return pd.concat([empty_table(PREDICTIONS), *tables], ignore_index=True)


def shares_table(curves: pd.DataFrame) -> pd.DataFrame:
    """Return Pearson's correlation by sampling method, one row per target and share of the texts.

    `curves` has the columns of PREDICTION_CURVES. A share has no row if it is less than two draws,
    or if its number of draws is not among those of the curves.
    """
    n_texts = curves[curves["method"] == ALL_TEXTS].set_index("target")["n"]
    rows = []
    for target, total in n_texts.items():
        for share, part in SHARES.items():
            n = round(part * total)
            drawn = curves[(curves["target"] == target) & (curves["n"] == n)].set_index("method")
            if set(PAPERS) <= set(drawn.index):
                row: dict[str, object] = {"target": target, "share": share, "n": n}
                for method in PAPERS:
                    row[method] = drawn.loc[method, "pearson"]
                    row[f"{method}_sd"] = drawn.loc[method, "pearson_sd"]
                rows.append(row)
    return pd.concat([empty_table(PREDICTION_TABLE), pd.DataFrame(rows)], ignore_index=True)


def predict_metrics(
    curves: pd.DataFrame, predictions: pd.DataFrame, families: Families, settings: PredictSettings
) -> dict[str, object]:
    """Return counts, the mean correlations over targets, and the correlations of each target."""
    return {
        "n_models": len(families),
        "n_families": len(set(families)),
        "n_splits": len(settings.split_seeds),
        **means_over_targets(curves),
        **first_split_means(predictions),
        "targets": target_metrics(curves, predictions),
    }


def target_metrics(curves: pd.DataFrame, predictions: pd.DataFrame) -> dict[str, object]:
    """Return for each target its correlations from all texts and those of the baseline.

    Keys that begin with first_split are correlations of the values in `predictions`, which are
    those of the first split seed; the others are means over split seeds.
    """
    metrics: dict[str, object] = {}
    baseline = curves[curves["method"] == BASELINE].set_index("target")
    for row in curves[curves["method"] == ALL_TEXTS].itertuples():
        models = predictions[predictions["target"] == row.target]
        metrics[row.target] = {
            "n_models": len(models),
            "n_folds": int(models["fold"].max()) + 1,
            "n_texts": int(row.n),
            **{measure: rounded(getattr(row, measure)) for measure in MEASURES},
            **{
                f"{measure}_alone": rounded(baseline.loc[row.target, measure])
                for measure in ("pearson", "spearman")
                if row.target in baseline.index
            },
            **first_split_correlations(models),
        }
    return metrics


def means_over_targets(curves: pd.DataFrame) -> dict[str, float | None]:
    """Return the correlations from all texts and of the baseline, means over targets with both."""
    tables = {name: all_texts_and_baseline(curves, name) for name in ("pearson", "spearman")}
    metrics: dict[str, float | None] = {"n_targets_of_means": len(tables["pearson"])}
    for method, suffix in ((ALL_TEXTS, ""), (BASELINE, "_alone")):
        for measure, table in tables.items():
            metrics[f"mean_{measure}{suffix}"] = rounded(table[method].mean())
    return metrics


def first_split_correlations(predictions: pd.DataFrame) -> dict[str, float | None]:
    """Return both correlations of one target's predictions in the first split."""
    pair = correlations(predictions["prediction"].to_numpy(), predictions["truth"].to_numpy())
    names = ("first_split_pearson", "first_split_spearman")
    return {name: rounded(value) for name, value in zip(names, pair, strict=True)}


def first_split_means(predictions: pd.DataFrame) -> dict[str, float | None]:
    """Return the mean over targets of Pearson's correlation in the first split.

    It is computed twice: with all models, and without the most extreme model of each target.
    """
    return {
        "mean_pearson_first_split": _mean_pearson(predictions),
        "mean_pearson_first_split_without_extremes": _mean_pearson(without_extremes(predictions)),
    }


def without_extremes(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the rows without the model of each target whose truth is farthest from the mean.

    A single model far from all others can determine most of Pearson's correlation.
    """
    truth = predictions["truth"]
    deviation = (truth - truth.groupby(predictions["target"]).transform("mean")).abs()
    return predictions.drop(deviation.groupby(predictions["target"]).idxmax())


def _mean_pearson(predictions: pd.DataFrame) -> float | None:
    by_target = [
        correlations(rows["prediction"].to_numpy(), rows["truth"].to_numpy())[0]
        for _, rows in predictions.groupby("target")
    ]
    return rounded(float(np.mean(by_target))) if by_target else None


def rounded(value: float) -> float | None:
    """Return a value rounded to three decimals, or None for NaN, which JSON does not have."""
    return None if np.isnan(value) else round(float(value), 3)
