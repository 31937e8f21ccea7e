"""Error curves of resampling, by draws and unique texts, to the population too (P2, Fig. 2)."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from modelmap.plumbing.arrays import Matrix, Vector
from modelmap.plumbing.parallel import each
from modelmap.resample.errors import root_mean_square
from modelmap.resample.gram import ErrorMeter, run_errors
from modelmap.resample.methods import PAPERS, probabilities
from modelmap.resample.paper_draws import drawn_texts, grid, run_seeds

MEASURES = ("relative", "absolute")
BEYOND = (1.1, 1.2, 1.3, 1.4, 1.5, 1.75, 2.0)
"""Numbers of draws past the papers' grid, as multiples of N: a method may meet a baseline there."""


def sizes(n_texts: int) -> list[int]:
    """Return the papers' numbers of draws, scaled to N texts, and a few beyond N."""
    return [*grid(n_texts), *(round(times * n_texts) for times in BEYOND)]


def error_curves(
    coordinates: Matrix, distances: Matrix, n_runs: int, n_workers: int
) -> pd.DataFrame:
    """Return the errors of the papers' methods by number of draws, over `n_runs` runs each.

    Coordinates Q have shape (K, N), their squared distances G shape (K, K).
    """
    n_texts = coordinates.shape[1]
    numbers, meter = sizes(n_texts), ErrorMeter(distances)
    curves = []
    for method in PAPERS:
        pi = probabilities(method, coordinates)
        one = partial(_one_run, coordinates, pi, numbers, meter)
        runs = np.stack(each(one, run_seeds(n_runs), n_workers, f"resampling by {method}"))
        curves.append(method_curve(method, numbers, runs))
    return with_population(pd.concat(curves, ignore_index=True), n_texts)


def _one_run(
    coordinates: Matrix, pi: Vector, numbers: list[int], meter: ErrorMeter, seed: int
) -> Matrix:
    return run_errors(coordinates, pi, drawn_texts(pi, numbers[-1], seed), numbers, meter)


def method_curve(method: str, sizes: Sequence[int], runs: Matrix) -> pd.DataFrame:
    """Return one row per size: mean unique texts and both errors, root mean squared over runs.

    `runs` has shape (R, sizes, 3): unique texts, absolute and relative error, as
    gram.run_errors gives them.
    """
    return pd.DataFrame(
        {
            "method": method,
            "n": list(sizes),
            "d": runs[:, :, 0].mean(axis=0),
            "relative_error": [root_mean_square(column) for column in runs[:, :, 2].T],
            "absolute_error": [root_mean_square(column) for column in runs[:, :, 1].T],
        }
    )


def error_at(curves: pd.DataFrame, method: str, measure: str, size: float) -> float:
    """Return a method's error at a number of draws, linear in log n between the grid's sizes."""
    curve = curves[curves["method"] == method]
    logs = np.log(curve["n"].to_numpy(dtype=np.float64))
    return float(np.exp(np.interp(np.log(size), logs, np.log(curve[f"{measure}_error"]))))


def with_population(curves: pd.DataFrame, n_texts: int) -> pd.DataFrame:
    """Return `curves` with the errors against the population and the theory's line.

    Against the population: sqrt(tau_method(n)^2 + tau_uniform(N)^2). A fresh sample of n texts
    errs by tau_uniform(n); theory puts that at tau_uniform(N) sqrt(N / n).
    """
    told = curves.copy()
    for measure in MEASURES:
        full = error_at(curves, "uniform", measure, n_texts)
        told[f"{measure}_to_population"] = np.hypot(curves[f"{measure}_error"], full)
        told[f"{measure}_theory"] = full * np.sqrt(n_texts / curves["n"])
    return told


def baselines(curves: pd.DataFrame, n_texts: int) -> dict[str, float]:
    """Return tau_uniform(N / 2) by measure: what a fresh sample of half the texts errs by."""
    return {measure: error_at(curves, "uniform", measure, n_texts / 2) for measure in MEASURES}


def meeting_points(curves: pd.DataFrame, baseline: Mapping[str, float]) -> pd.DataFrame:
    """Return where each method's error against the population first meets the baseline.

    One row per method and measure: the smallest n of the grid and its d, missing where no size
    reaches it, and the ratio of d to what uniform sampling needs.
    """
    rows = []
    for measure, bound in baseline.items():
        met = {}
        for method, curve in curves.groupby("method", sort=False):
            reached = curve[curve[f"{measure}_to_population"] <= bound]
            met[method] = reached[["n", "d"]].iloc[0].tolist() if len(reached) else (np.nan, np.nan)
        needed = met["uniform"][1]
        rows += [(measure, method, n, d, d / needed) for method, (n, d) in met.items()]
    return pd.DataFrame(rows, columns=["measure", "method", "n", "d", "d_ratio_to_uniform"])


def meeting_metrics(points: pd.DataFrame, baseline: Mapping[str, float]) -> dict[str, object]:
    """Return the baselines, and where each method meets them: None where it does not.

    The baselines have 4 significant digits, as the curves in reports/plots have.
    """
    metrics: dict[str, object] = {
        f"{measure}_baseline": float(f"{bound:.4g}") for measure, bound in baseline.items()
    }
    for point in points.itertuples():
        key = f"{point.method}_{point.measure}"
        reached = bool(np.isfinite(point.n))
        metrics[f"{key}_draws"] = int(point.n) if reached else None
        metrics[f"{key}_unique_texts"] = round(point.d) if reached else None
        # A method may reach what uniform sampling does not: the ratio is then unknown.
        ratio = point.d_ratio_to_uniform
        metrics[f"{key}_ratio_to_uniform"] = round(ratio, 2) if np.isfinite(ratio) else None
    return metrics
