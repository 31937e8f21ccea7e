"""Errors of the papers' sampling methods by the number of draws, and where they meet a baseline.

Oyama et al. 2025 (EMNLP Findings), Section 4 and Figure 2. tau_method(n) is the root mean square
over runs of a method's error with n draws, with respect to the distances from all N texts.
"""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from modelmap.plumbing.arrays import Matrix, Vector
from modelmap.plumbing.parallel import parallel_map
from modelmap.resample.errors import root_mean_square
from modelmap.resample.gram import ErrorMeter, run_errors
from modelmap.resample.methods import PAPERS, probabilities
from modelmap.resample.paper_draws import drawn_texts, grid, run_seeds

MEASURES = ("relative", "absolute")
MULTIPLES_OF_N = (1.1, 1.2, 1.3, 1.4, 1.5, 1.75, 2.0)
"""Numbers of draws beyond the papers' grid, as multiples of N.

Uniform draws with replacement meet the baseline near N draws, which may be above N.
"""


def sizes(n_texts: int) -> list[int]:
    """Return the papers' numbers of draws, scaled to `n_texts` texts, and a few larger ones.

    They ascend, and each occurs once.
    """
    return sorted({*grid(n_texts), *(round(times * n_texts) for times in MULTIPLES_OF_N)})


def error_curves(
    coordinates: Matrix, distances: Matrix, n_runs: int, n_workers: int
) -> pd.DataFrame:
    """Return the errors of the papers' methods, one row per method and number of draws.

    `coordinates` are Q, shape (K, N), and `distances` G, shape (K, K). Columns are those of
    RESAMPLE_CURVES. Run r uses the papers' seed 42 + r, whatever the number of workers.
    """
    n_texts = coordinates.shape[1]
    numbers, meter = sizes(n_texts), ErrorMeter(distances)
    curves = []
    for method in PAPERS:
        pi = probabilities(method, coordinates)
        errors_of_seed = partial(_errors_of_seed, coordinates, pi, numbers, meter)
        runs = np.stack(
            parallel_map(errors_of_seed, run_seeds(n_runs), n_workers, f"resampling by {method}")
        )
        curves.append(method_curve(method, numbers, runs))
    return with_population(pd.concat(curves, ignore_index=True), n_texts)


def _errors_of_seed(
    coordinates: Matrix, pi: Vector, numbers: list[int], meter: ErrorMeter, seed: int
) -> Matrix:
    return run_errors(coordinates, pi, drawn_texts(pi, numbers[-1], seed), numbers, meter)


def method_curve(method: str, sizes: Sequence[int], runs: Matrix) -> pd.DataFrame:
    """Return one row per size: the mean number of unique texts and both errors.

    `runs` has shape (R, sizes, 3), one result of gram.run_errors for each of R runs. Errors are
    root mean squares over runs.
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
    """Return a method's error at any number of draws, interpolated between the sizes of the grid.

    The logarithm of the error is interpolated linearly in log n: errors fall nearly as a power of
    n, which is a straight line there.
    """
    curve = curves[curves["method"] == method]
    logs = np.log(curve["n"].to_numpy(dtype=np.float64))
    # With very few texts all runs may draw each text once: their error is 0, without a logarithm.
    errors = np.maximum(curve[f"{measure}_error"], np.finfo(np.float64).tiny)
    return float(np.exp(np.interp(np.log(size), logs, np.log(errors))))


def with_population(curves: pd.DataFrame, n_texts: int) -> pd.DataFrame:
    """Return `curves` with the errors with respect to the population, and those in theory.

    The N texts are a sample of a population too. With respect to the population the error is
    sqrt(tau_method(n)^2 + tau_uniform(N)^2). tau_uniform(n), drawing from the N texts, is the
    bootstrap estimate of the error of n new texts, which in theory is
    tau_uniform(N) sqrt(N / n) (Oyama et al. 2025, EMNLP Findings, Section 4).
    """
    extended = curves.copy()
    for measure in MEASURES:
        full = error_at(curves, "uniform", measure, n_texts)
        # Two independent errors: drawing from the N texts, and the N texts themselves.
        extended[f"{measure}_to_population"] = np.hypot(curves[f"{measure}_error"], full)
        extended[f"{measure}_theory"] = full * np.sqrt(n_texts / curves["n"])
    return extended


def baselines(curves: pd.DataFrame, n_texts: int) -> dict[str, float]:
    """Return the baseline of each measure: tau_uniform(N / 2), the error of N / 2 new texts."""
    return {measure: error_at(curves, "uniform", measure, n_texts / 2) for measure in MEASURES}


def meeting_points(curves: pd.DataFrame, baseline: Mapping[str, float]) -> pd.DataFrame:
    """Return the number of draws at which each method first meets the baseline.

    A method meets it where its error with respect to the population is at most the baseline. The
    table has one row per measure and method: the smallest n of the grid, its d, and the ratio of
    d to the d of uniform sampling. They are missing where no size of the grid meets the baseline.
    """
    rows = []
    for measure, bound in baseline.items():
        first = {}
        for method, curve in curves.groupby("method", sort=False):
            reached = curve[curve[f"{measure}_to_population"] <= bound]
            n, d = reached[["n", "d"]].iloc[0].tolist() if len(reached) else (np.nan, np.nan)
            first[method] = n, d
        uniform_d = first["uniform"][1]
        rows += [(measure, method, n, d, d / uniform_d) for method, (n, d) in first.items()]
    return pd.DataFrame(rows, columns=["measure", "method", "n", "d", "d_ratio_to_uniform"])


def meeting_metrics(points: pd.DataFrame, baseline: Mapping[str, float]) -> dict[str, object]:
    """Return the baselines, and where each method meets them.

    Values are None where a method does not meet the baseline. The baselines have 4 significant
    digits, like the curves in reports/plots.
    """
    metrics: dict[str, object] = {
        f"{measure}_baseline": float(f"{bound:.4g}") for measure, bound in baseline.items()
    }
    for point in points.itertuples():
        key = f"{point.method}_{point.measure}"
        reached = bool(np.isfinite(point.n))
        metrics[f"{key}_draws"] = int(point.n) if reached else None
        metrics[f"{key}_unique_texts"] = round(point.d) if reached else None
        # Where uniform sampling does not meet the baseline, the ratio is unknown.
        ratio = point.d_ratio_to_uniform
        metrics[f"{key}_ratio_to_uniform"] = round(ratio, 2) if np.isfinite(ratio) else None
    return metrics
