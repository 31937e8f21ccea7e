"""Small tables of resampling and prediction for figures."""

from itertools import product

import numpy as np
import pandas as pd
from modelmap.figures.resampling_inputs import ResamplingInputs, resampling_files

from modelmap.figures.inputs import Inputs
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import write_csv, write_table
from modelmap.predict.correlation import ALL_TEXTS, BASELINE
from modelmap.resample.comparison import DESIGNS
from modelmap.resample.curves import sizes, with_population

METHODS = ("uniform", "ls", "kl", ALL_TEXTS, BASELINE)


def made_up_curves(n_texts: int) -> pd.DataFrame:
    """Return error curves that fall with the root of n, LS's the lowest."""
    factors = {"uniform": 1.0, "ls": 0.6, "kl": 0.8}
    rows = [
        (method, n, n_texts * (1 - np.exp(-n / n_texts)), factor / np.sqrt(n), factor / np.sqrt(n))
        for method, factor in factors.items()
        for n in sizes(n_texts)
    ]
    columns = ["method", "n", "d", "relative_error", "absolute_error"]
    told = with_population(pd.DataFrame(rows, columns=columns), n_texts)
    return told[
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
    return pd.DataFrame(rows, columns=columns)


def made_up_resampling(inputs: Inputs) -> ResamplingInputs:
    """Return tables that fit `inputs`: the last model is new, one target is predicted."""
    names, places = list(inputs.models["model"]), inputs.places
    x, y = places["x"].to_numpy(), places["y"].to_numpy()
    stability = pd.DataFrame(
        [
            (setting, "uniform", 10, name, x[i], y[i], 0.2, 0.1, 0.3, 0.5)
            for setting, (i, name) in product(["same_texts", "uniform_1N"], enumerate(names))
        ],
        columns=[
            "setting", "method", "n_draws", "model", "mean_x", "mean_y",
            "cov_xx", "cov_xy", "cov_yy", "displacement",
        ],
    )  # fmt: skip
    new_models = pd.DataFrame({"model": names, "is_new": False, "x": x, "y": y})
    new_models.loc[len(names) - 1, "is_new"] = True
    kinds = ["existing_existing", "new_existing"]
    errors = pd.DataFrame(
        [
            (design, kind, 3, 12.0, 10.0, 0.1, 0.2)
            for design in ("ls", "uniform_same_texts")
            for kind in kinds
        ],
        columns=["design", "pairs", "n_pairs", "n", "d", "relative_error", "absolute_error"],
    )
    truth = np.linspace(1, 3, len(names))
    predictions = pd.DataFrame(
        {"target": "x", "model": names, "fold": 0, "truth": truth, "prediction": truth + 0.1}
    )
    curves = pd.DataFrame(
        [("x", method, n, n, 0.9, 0.05, 0.8, 0.05) for method in METHODS for n in (5, 9)],
        columns=["target", "method", "n", "d", "pearson", "pearson_sd", "spearman", "spearman_sd"],
    )
    plan = pd.DataFrame(
        {
            "d": [5, 9],
            "predicted_error": [0.2, 0.1],
            "this_order_error": [0.19, 0.11],
            "redrawn_error": [0.21, 0.1],
            "interval_coverage": [0.95, 0.94],
        }
    )
    return ResamplingInputs(
        made_up_curves(inputs.n_texts),
        made_up_designs(inputs.n_texts),
        plan,
        stability,
        new_models,
        errors,
        predictions,
        curves,
    )


def write_resampling(tables: ResamplingInputs, layout: Layout) -> None:
    """Write every table where the figures stage reads it."""
    for name, (schema, path) in resampling_files(layout).items():
        write = write_csv if path.suffix == ".csv" else write_table
        write(getattr(tables, name), schema, path)
