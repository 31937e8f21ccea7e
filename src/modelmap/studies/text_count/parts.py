"""Results of a part of the texts, treated as if it were the whole text set (ours).

They show how the error of the distances, and the numbers of texts that resampling and the plan
need, depend on the number of texts.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modelmap.divergence.kl import squared_distances
from modelmap.matrix.clip_centre import double_centred
from modelmap.plan.ordered_texts import plan_error, plan_table, texts_for_error, with_even_share
from modelmap.plumbing.arrays import Matrix
from modelmap.resample.curves import baselines, meeting_points, method_curve, sizes, with_population
from modelmap.resample.errors import relative_error
from modelmap.resample.gram import ErrorMeter, run_errors
from modelmap.resample.methods import PAPERS, probabilities, relative_size
from modelmap.resample.paper_draws import drawn_texts, run_seeds


@dataclass(frozen=True)
class Analysis:
    """The parameters of the analysis that is repeated for every part."""

    n_runs: int
    """Runs of resampling."""
    error: float
    """Relative error that the plan is to reach."""
    even_share: float
    """As in section `plan` of params.yaml."""


def analyse_part(
    clipped_nats: Matrix, texts: NDArray[np.int64], analysis: Analysis
) -> dict[str, float]:
    """Return the results of the texts at positions `texts`, treated as the whole text set.

    `clipped_nats` are the log-likelihoods of all texts, shape (K, N), clipped. The results are

    - n_texts: the number of texts of the part;
    - error_to_all: the relative error of the part's KLs with respect to those from all texts;
    - bootstrap_error: the part's own estimate of its error with respect to the population,
      tau_uniform at its number of texts (resample/curves.py);
    - ls_ratio: unique texts of LS sampling over those of uniform sampling, where both meet the
      baseline of the relative error;
    - plan_texts, plan_share: the number of texts with which a plan reaches `analysis.error`, and
      the same as a share of the part.
    """
    coordinates = double_centred(clipped_nats[:, texts])
    distances = squared_distances(coordinates)
    distances_of_all = squared_distances(double_centred(clipped_nats))
    n_texts = len(texts)
    curves = _curves(coordinates, distances, analysis.n_runs)
    meeting = meeting_points(curves, baselines(curves, n_texts)).set_index(["measure", "method"])
    size = with_even_share(relative_size(coordinates, distances), analysis.even_share)
    # The expected error depends on the sizes alone, so any random numbers will do.
    plan = plan_table(size, np.linspace(0.1, 0.9, n_texts))
    error_of = partial(plan_error, coordinates, distances, plan)
    needed = texts_for_error(error_of, n_texts, analysis.error)
    uniform = curves[(curves["method"] == "uniform") & (curves["n"] == n_texts)]
    return {
        "n_texts": n_texts,
        # KL is G / (2 N), so distances are scaled to the number of all texts for the comparison.
        "error_to_all": relative_error(
            distances * clipped_nats.shape[1] / n_texts, distances_of_all
        ),
        "bootstrap_error": float(uniform["relative_error"].iloc[0]),
        "ls_ratio": float(meeting.loc[("relative", "ls"), "d_ratio_to_uniform"]),
        "plan_texts": needed,
        "plan_share": needed / n_texts,
    }


def _curves(coordinates: Matrix, distances: Matrix, n_runs: int) -> pd.DataFrame:
    """Return the errors of the papers' methods, as resample.curves.error_curves, in one process."""
    n_texts = coordinates.shape[1]
    numbers, meter = sizes(n_texts), ErrorMeter(distances)
    curves = []
    for method in PAPERS:
        pi = probabilities(method, coordinates)
        runs = [
            run_errors(coordinates, pi, drawn_texts(pi, numbers[-1], seed), numbers, meter)
            for seed in run_seeds(n_runs)
        ]
        curves.append(method_curve(method, numbers, np.stack(runs)))
    return with_population(pd.concat(curves, ignore_index=True), n_texts)


def by_size(findings: pd.DataFrame) -> pd.DataFrame:
    """Return one row per number of texts: errors as root mean squares, the rest as medians.

    `findings` has a row for each result of analyse_part. The error of a part that is a share f of
    all texts is divided by sqrt(1 - f); it is missing for all texts, where f is 1.
    """
    # Drawing a share f without replacement has 1 - f times the variance of drawing as many texts
    # from a very large population (finite population correction). Dividing makes the measured
    # error comparable with bootstrap_error, which is for such a population.
    n_all = findings["n_texts"].max()
    grouped = findings.groupby("n_texts")
    table = grouped[["ls_ratio", "plan_texts", "plan_share"]].median().reset_index()
    for column in ("error_to_all", "bootstrap_error"):
        squares = findings.assign(**{column: findings[column] ** 2}).groupby("n_texts")[column]
        table[column] = np.sqrt(squares.mean()).to_numpy()
    correction = (1 - table["n_texts"] / n_all).to_numpy()
    table["error_to_all"] = np.where(
        correction > 0,
        table["error_to_all"] / np.sqrt(np.where(correction > 0, correction, 1)),
        np.nan,
    )
    return table[
        ["n_texts", "error_to_all", "bootstrap_error", "ls_ratio", "plan_texts", "plan_share"]
    ]
