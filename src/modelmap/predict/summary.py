"""What is metrics of predictions: the table of the paper, and numbers per target."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from modelmap.plumbing.tables import empty_table
from modelmap.predict.correlation import ALL_TEXTS, ALONE, correlations, of_both
from modelmap.predict.evaluate import Families, all_texts, fold_members, out_of_fold
from modelmap.predict.tables import PREDICTION_TABLE, PREDICTIONS
from modelmap.predict.targets import Problem
from modelmap.resample.methods import PAPERS

SHARES = {"N/1000": 0.001, "N/100": 0.01, "N/10": 0.1, "N": 1.0}
"""P2, Table 2."""
MEASURES = ("pearson", "pearson_sd", "spearman", "spearman_sd")


def prediction_table(
    problem: Problem, models: Sequence[str], families: Families, split_seed: int
) -> pd.DataFrame:
    """Return truth and out-of-fold prediction from all texts of every model, and its fold."""
    coordinates = all_texts(problem).coordinates()
    found = out_of_fold(coordinates, problem.targets, families, [split_seed])[:, 0]
    frames = []
    for target, prediction in zip(problem.targets, found, strict=True):
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
    # More threads would add up in another order, and change the last digits.
    with threadpool_limits(1):
        tables = [prediction_table(problem, models, families, split_seed) for problem in problems]
    return pd.concat([empty_table(PREDICTIONS), *tables], ignore_index=True)


def shares_table(curves: pd.DataFrame) -> pd.DataFrame:
    """Return Pearson's correlation at a few shares of the texts, a row per target and share.

    Shares of fewer than two draws, or not among the sizes, have no row (P2, Table 2).
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


def predict_metrics(curves: pd.DataFrame, predictions: pd.DataFrame) -> dict[str, object]:
    """Return the mean correlations over targets, and the correlations of each target."""
    return {
        **means_over_targets(curves),
        **first_split_means(predictions),
        "targets": target_metrics(curves, predictions),
    }


def target_metrics(curves: pd.DataFrame, predictions: pd.DataFrame) -> dict[str, object]:
    """Return each target's correlations from all texts and from the mean log-likelihood alone.

    Those of the first split are of the predictions in `predictions`.
    """
    metrics: dict[str, object] = {}
    alone = curves[curves["method"] == ALONE].set_index("target")
    for row in curves[curves["method"] == ALL_TEXTS].itertuples():
        models = predictions[predictions["target"] == row.target]
        metrics[row.target] = {
            "n_models": len(models),
            "n_folds": int(models["fold"].max()) + 1,
            "n_texts": int(row.n),
            **{measure: rounded(getattr(row, measure)) for measure in MEASURES},
            **{
                f"{measure}_alone": rounded(alone.loc[row.target, measure])
                for measure in ("pearson", "spearman")
                if row.target in alone.index
            },
            **first_split_correlations(models),
        }
    return metrics


def means_over_targets(curves: pd.DataFrame) -> dict[str, float | None]:
    """Return mean correlations over targets that have both: from all texts, and the mean alone."""
    metrics: dict[str, float | None] = {"n_targets_of_means": len(of_both(curves, "pearson"))}
    for method, suffix in ((ALL_TEXTS, ""), (ALONE, "_alone")):
        for measure in ("pearson", "spearman"):
            metrics[f"mean_{measure}{suffix}"] = rounded(of_both(curves, measure)[method].mean())
    return metrics


def first_split_correlations(predictions: pd.DataFrame) -> dict[str, float | None]:
    """Return both correlations of one target's predictions in the first split."""
    pair = correlations(predictions["prediction"].to_numpy(), predictions["truth"].to_numpy())
    names = ("first_split_pearson", "first_split_spearman")
    return {name: rounded(value) for name, value in zip(names, pair, strict=True)}


def first_split_means(predictions: pd.DataFrame) -> dict[str, float | None]:
    """Return Pearson's correlation in the first split, mean over targets, in two ways.

    With all models, and without the most extreme model of each target.
    """
    return {
        "mean_pearson_first_split": _mean_pearson(predictions),
        "mean_pearson_first_split_without_extremes": _mean_pearson(without_extremes(predictions)),
    }


def without_extremes(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the rows without one of each target: that of the truth farthest from the mean.

    A single model far from all others can decide most of Pearson's correlation.
    """
    truth = predictions["truth"]
    apart = (truth - truth.groupby(predictions["target"]).transform("mean")).abs()
    return predictions.drop(apart.groupby(predictions["target"]).idxmax())


def _mean_pearson(predictions: pd.DataFrame) -> float | None:
    by_target = [
        correlations(rows["prediction"].to_numpy(), rows["truth"].to_numpy())[0]
        for _, rows in predictions.groupby("target")
    ]
    return rounded(float(np.mean(by_target))) if by_target else None


def rounded(value: float) -> float | None:
    """Return three digits, and None for no number."""
    return None if np.isnan(value) else round(float(value), 3)
