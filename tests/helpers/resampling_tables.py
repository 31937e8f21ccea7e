"""Small tables and metrics of resampling and prediction for figures."""

from itertools import product

import numpy as np
import pandas as pd

from helpers.figure_tables import Contents
from modelmap.map.uncertainty import ellipses
from modelmap.predict.correlation import ALL_TEXTS, BASELINE
from modelmap.resample.comparison import DESIGNS
from modelmap.resample.curves import (
    baselines,
    meeting_metrics,
    meeting_points,
    sizes,
    with_population,
)
from modelmap.resample.methods import METHODS

IN_CURVES = ("uniform", "ls", "kl", ALL_TEXTS, BASELINE)


def made_up_curves(n_texts: int) -> pd.DataFrame:
    """Return error curves that fall with the root of n, LS's the lowest."""
    factors = {"uniform": 1.0, "ls": 0.6, "kl": 0.8}
    rows = [
        (method, n, n_texts * (1 - np.exp(-n / n_texts)), factor / np.sqrt(n), factor / np.sqrt(n))
        for method, factor in factors.items()
        for n in sizes(n_texts)
    ]
    columns = ["method", "n", "d", "relative_error", "absolute_error"]
    complete = with_population(pd.DataFrame(rows, columns=columns), n_texts)
    return complete[
        [
            *columns,
            "relative_to_population",
            "relative_theory",
            "absolute_to_population",
            "absolute_theory",
        ]
    ]


def made_up_designs(n_texts: int) -> pd.DataFrame:
    """Return errors of every design at two sizes."""
    rows = [
        (design.draws, design.size, round(share * n_texts), share, 0.1 / (i + 1), 0.2 / (i + 1))
        for i, design in enumerate(DESIGNS)
        for share in (0.3, 0.6)
    ]
    columns = ["draws", "size_measure", "d", "share", "relative_error", "absolute_error"]
    found = pd.DataFrame(rows, columns=columns)
    return found.assign(mixture_error=found["relative_error"] / 4)


def made_up_resample_metrics(n_texts: int, curves: pd.DataFrame) -> dict[str, object]:
    """Return the metrics of the stage resample for these curves."""
    baseline = baselines(curves, n_texts)
    return {
        "n_texts": n_texts,
        "n_runs": 5,
        "n_design_runs": 6,
        "methods": {method.key: method.label for method in METHODS.values()},
        **meeting_metrics(meeting_points(curves, baseline), baseline),
        "designs_compared_at_unique_texts": round(0.6 * n_texts),
    }


def made_up_resampling(contents: Contents) -> Contents:
    """Return `contents` with what the other stages write: the last model is new.

    One target, x, is predicted.
    """
    names, n_texts = list(contents["models.parquet"]["model"]), contents["matrix.json"]["n_texts"]
    curves = made_up_curves(n_texts)
    return {
        **contents,
        "resample.csv": curves,
        "designs.csv": made_up_designs(n_texts),
        "resample.json": made_up_resample_metrics(n_texts, curves),
        "plan.csv": pd.DataFrame(
            {
                "d": [5, 9],
                "predicted_error": [0.2, 0.1],
                "this_order_error": [0.19, 0.11],
                "redrawn_error": [0.21, 0.1],
                "interval_coverage": [0.95, 0.94],
            }
        ),
        "plan.json": {"estimate": "mixture"},
        **_stability(contents["map.parquet"]),
        **_new_models(contents["map.parquet"]),
        **_predictions(names),
    }


def _stability(places: pd.DataFrame) -> Contents:
    settings = ("same_texts", "uniform_1N")
    rows = [
        (setting, "uniform", 10, row.model, row.x, row.y, 0.2, 0.1, 0.3, 0.5)
        for setting, row in product(settings, places.itertuples())
    ]
    columns = [
        *("setting", "method", "n_draws", "model", "mean_x", "mean_y"),
        *("cov_xx", "cov_xy", "cov_yy", "displacement"),
    ]
    table = pd.DataFrame(rows, columns=columns)
    shares = {"displacement_share": 0.2, "spread_share": 0.1}
    return {
        "stability.parquet": table.join(ellipses(table)),
        "stability.json": {"n_runs": 5, **dict.fromkeys(settings, shares)},
    }


def _new_models(places: pd.DataFrame) -> Contents:
    table = places[["model", "x", "y"]].copy()
    table.insert(1, "is_new", [False] * (len(places) - 1) + [True])
    errors = [
        (design, pairs, 3, 12.0, 10.0, 0.1, 0.2)
        for design in ("ls", "uniform_same_texts")
        for pairs in ("existing_existing", "new_existing")
    ]
    columns = ["design", "pairs", "n_pairs", "n", "d", "relative_error", "absolute_error"]
    return {
        "new_models.parquet": table,
        "new_models.csv": pd.DataFrame(errors, columns=columns),
        "new_models.json": {
            "n_existing": len(places) - 1,
            "n_new": 1,
            "n_draws": 12,
            "ls": {"unique_texts": 10.0},
        },
    }


def _predictions(names: list[str]) -> Contents:
    truth = np.linspace(1, 3, len(names))
    curves = [("x", method, n, n, 0.9, 0.05, 0.8, 0.05) for method in IN_CURVES for n in (5, 9)]
    columns = ["target", "method", "n", "d", "pearson", "pearson_sd", "spearman", "spearman_sd"]
    means = dict.fromkeys(
        ("mean_pearson", "mean_spearman", "mean_pearson_alone", "mean_spearman_alone"), 0.9
    )
    return {
        "predictions.parquet": pd.DataFrame(
            {"target": "x", "model": names, "fold": 0, "truth": truth, "prediction": truth + 0.1}
        ),
        "prediction.csv": pd.DataFrame(curves, columns=columns),
        "predict.json": {
            "targets_from": "held-out categories",
            "n_splits": 2,
            "n_targets_of_means": 1,
            **means,
            "mean_pearson_first_split": 1.0,
            "mean_pearson_first_split_without_extremes": 1.0,
            "targets": {"x": {"first_split_pearson": 1.0, "first_split_spearman": 1.0}},
        },
    }
