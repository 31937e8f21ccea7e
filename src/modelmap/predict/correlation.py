"""Correlations between predictions and true values, and the methods that are not samples."""

import numpy as np
import pandas as pd
from scipy.stats import pearsonr, spearmanr

from modelmap.plumbing.arrays import Vector

ALL_TEXTS = "all texts"
"""Value of the column `method` for coordinates from all texts, without sampling."""
BASELINE = "mean log-likelihood alone"
"""Value of the column `method` for the baseline, which uses no coordinates."""

ROUNDING = 3e-12
"""Values whose range is up to this share of the largest count as constant.

scipy warns below it that the correlation may be inaccurate.
"""


def correlations(prediction: Vector, truth: Vector) -> tuple[float, float]:
    """Return Pearson's and Spearman's correlation over the models that have both values.

    Both arrays have shape (K,), with NaN where a value is missing. The correlations are NaN if the
    predictions or the true values are constant.
    """
    both = ~np.isnan(prediction) & ~np.isnan(truth)
    if is_constant(prediction[both]) or is_constant(truth[both]):
        return float("nan"), float("nan")
    pair = prediction[both], truth[both]
    return float(pearsonr(*pair).statistic), float(spearmanr(*pair).statistic)


def is_constant(values: Vector) -> bool:
    """Return whether all values are the same up to rounding."""
    return bool(np.ptp(values) <= ROUNDING * np.abs(values).max())


def all_texts_and_baseline(curves: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return one row per target with the columns ALL_TEXTS and BASELINE, of one measure.

    `measure` is a column of `curves`, such as pearson. Targets without one of the two are left
    out, because means over different targets cannot be compared. One of them is the mean
    log-likelihood, which as a target has no baseline: the baseline would be the target itself.
    """
    rows = curves[curves["method"].isin([ALL_TEXTS, BASELINE])]
    wide = rows.groupby(["target", "method"])[measure].mean().unstack()
    return wide.reindex(columns=[ALL_TEXTS, BASELINE]).dropna()
