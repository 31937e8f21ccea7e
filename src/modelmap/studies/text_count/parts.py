"""What more texts change: the error of the map, and how many texts resampling needs."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modelmap.divergence.kl import squared_distances
from modelmap.matrix.clip_centre import double_centred
from modelmap.plan.ordered_texts import plan_table, texts_for_error, with_even_share
from modelmap.plumbing.arrays import Matrix
from modelmap.resample.curves import baselines, meeting_points, method_curve, sizes, with_population
from modelmap.resample.errors import relative_error
from modelmap.resample.gram import ErrorMeter, run_errors
from modelmap.resample.methods import PAPERS, probabilities, relative_size
from modelmap.resample.paper_draws import drawn_texts, run_seeds


@dataclass(frozen=True)
class Question:
    """What is asked of every part of the texts."""

    n_runs: int
    error: float
    even_share: float


def finding(clipped_nats: Matrix, texts: NDArray[np.int64], question: Question) -> dict[str, float]:
    """Return what a part of the texts says, as if it were the whole text set.

    `error_to_all` is the relative error of its KLs against those of all texts; `bootstrap_error`
    is tau_uniform(N), what it expects of itself against the population; the rest is where LS
    meets the baseline, and how many texts of a plan reach the error asked for.
    """
    inside = double_centred(clipped_nats[:, texts])
    distances = squared_distances(inside)
    all_texts = squared_distances(double_centred(clipped_nats))
    n_texts = len(texts)
    curves = _curves(inside, distances, question.n_runs)
    met = meeting_points(curves, baselines(curves, n_texts)).set_index(["measure", "method"])
    size = with_even_share(relative_size(inside, distances), question.even_share)
    # The order of a plan does not matter to what is expected of it.
    plan = plan_table(size, np.linspace(0.1, 0.9, n_texts))
    needed = texts_for_error(inside, distances, plan, question.error)
    uniform = curves[(curves["method"] == "uniform") & (curves["n"] == n_texts)]
    return {
        "n_texts": n_texts,
        "error_to_all": relative_error(distances * clipped_nats.shape[1] / n_texts, all_texts),
        "bootstrap_error": float(uniform["relative_error"].iloc[0]),
        "ls_ratio": float(met.loc[("relative", "ls"), "d_ratio_to_uniform"]),
        "plan_texts": needed,
        "plan_share": needed / n_texts,
    }


def _curves(inside: Matrix, distances: Matrix, n_runs: int) -> pd.DataFrame:
    numbers, meter = sizes(inside.shape[1]), ErrorMeter(distances)
    curves = []
    for method in PAPERS:
        pi = probabilities(method, inside)
        runs = [
            run_errors(inside, pi, drawn_texts(pi, numbers[-1], seed), numbers, meter)
            for seed in run_seeds(n_runs)
        ]
        curves.append(method_curve(method, numbers, np.stack(runs)))
    return with_population(pd.concat(curves, ignore_index=True), inside.shape[1])


def by_size(findings: pd.DataFrame) -> pd.DataFrame:
    """Return one row per number of texts: errors as root mean squares, the rest as medians.

    `error_to_all` of a part that is a share f of all texts is divided by sqrt(1 - f), which makes
    it the error against a population much larger than all texts; it is missing for all texts.
    """
    most = findings["n_texts"].max()
    grouped = findings.groupby("n_texts")
    table = grouped[["ls_ratio", "plan_texts", "plan_share"]].median().reset_index()
    for column in ("error_to_all", "bootstrap_error"):
        squares = findings.assign(**{column: findings[column] ** 2}).groupby("n_texts")[column]
        table[column] = np.sqrt(squares.mean()).to_numpy()
    left = (1 - table["n_texts"] / most).to_numpy()
    table["error_to_all"] = np.where(
        left > 0, table["error_to_all"] / np.sqrt(np.where(left > 0, left, 1)), np.nan
    )
    return table[
        ["n_texts", "error_to_all", "bootstrap_error", "ls_ratio", "plan_texts", "plan_share"]
    ]
