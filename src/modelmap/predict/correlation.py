"""Correlations of predictions with the truth, and what curves of them are called."""

import numpy as np
import pandas as pd
from scipy.stats import pearsonr, spearmanr

from modelmap.plumbing.arrays import Vector

ALL_TEXTS = "all texts"
ALONE = "mean log-likelihood alone"
"""Beside the sampling methods: coordinates of every text, and the baseline without any."""


def correlations(prediction: Vector, truth: Vector) -> tuple[float, float]:
    """Return Pearson's and Spearman's correlation over models that have both; NaN if one of the
    two is constant.
    """
    both = ~np.isnan(prediction) & ~np.isnan(truth)
    if np.ptp(prediction[both]) == 0 or np.ptp(truth[both]) == 0:
        return float("nan"), float("nan")
    pair = prediction[both], truth[both]
    return float(pearsonr(*pair).statistic), float(spearmanr(*pair).statistic)


def of_both(curves: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return a correlation from all texts and from the mean log-likelihood alone, in two columns.

    A row per target that has both: means over other sets of targets cannot be compared, and the
    mean log-likelihood is no baseline of itself.
    """
    ends = curves[curves["method"].isin([ALL_TEXTS, ALONE])]
    wide = ends.groupby(["target", "method"])[measure].mean().unstack()
    return wide.reindex(columns=[ALL_TEXTS, ALONE]).dropna()
