"""Diffusion exponents of training runs.

arXiv 2505.15353 fits powers of the number of steps to squared distances of checkpoints, of weights
and of log-likelihood vectors. An exponent of 1 is that of a random walk; below 1 a trajectory is
subdiffusive. The mixture estimate, the origins and the intervals over runs are ours.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from modelmap.plumbing.arrays import Vector

MEASURES = {
    "weights": "squared_weight_distance",
    "papers": "kl_papers_bits_per_byte",
    "mixture": "kl_bits_per_byte",
}
CONFIDENCE = 0.95


def exponent(lags: Vector, distances: Vector) -> float:
    """Return c of distance = k lag^c, by least squares of logarithms; all values are above 0."""
    return float(np.polyfit(np.log(lags), np.log(distances), 1)[0])


def mean_interval(values: Sequence[float]) -> dict[str, float]:
    """Return the mean of the values of runs with its 95% interval by Student's t distribution."""
    mean = float(np.mean(values))
    error = float(np.std(values, ddof=1)) / np.sqrt(len(values))
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1)) * error
    return {"mean": round(mean, 3), "low": round(mean - half, 3), "high": round(mean + half, 3)}


def run_exponents(table: pd.DataFrame) -> pd.DataFrame:
    """Return the exponent of each measure, by family, run and origin, from TRAJECTORIES."""
    rows = []
    for (family, run, origin), found in table.groupby(["family", "run", "origin"], sort=False):
        values = {
            name: exponent(found["lag"].to_numpy(), found[column].to_numpy())
            for name, column in MEASURES.items()
        }
        rows.append({"family": family, "run": run, "origin": origin, **values})
    return pd.DataFrame(rows)


def exponents_summary(table: pd.DataFrame) -> dict[str, object]:
    """Return for each origin the exponents over runs, and how far weights are above the others."""
    found = run_exponents(table)
    return {
        f"from_step_{origin}": {
            "exponents": {name: mean_interval(rows[name].tolist()) for name in MEASURES},
            "weights_less": {
                name: mean_interval((rows["weights"] - rows[name]).tolist())
                for name in ("papers", "mixture")
            },
            "by_family": {
                family: {name: round(float(own[name].mean()), 3) for name in MEASURES}
                for family, own in rows.groupby("family", sort=False)
            },
        }
        for origin, rows in found.groupby("origin")
    }
