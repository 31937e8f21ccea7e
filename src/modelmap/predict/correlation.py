"""Correlations of predictions with the truth, and what curves of them are called."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import pearsonr, spearmanr

Vector = NDArray[np.float64]

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
