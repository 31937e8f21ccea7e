"""Confidence intervals of KL estimates (ours)."""

import numpy as np
from scipy.special import stdtrit

from modelmap.divergence.standard_error import Spread
from modelmap.plumbing.arrays import Values

COVERS = "the population of documents the texts come from"
"""What the intervals are about. The KL over the N texts themselves is computed, not estimated."""


def intervals(kl: Values, spread: Spread, confidence: float) -> tuple[Values, Values]:
    """Return the low and the high end of the confidence interval of every KL, in its unit.

    KL / r and KL r with r = exp(t SE / KL), t the quantile of Student's distribution with the
    spread's degrees of freedom: symmetric for log KL, which is nearer to normal than KL and keeps
    the ends above zero. The interval is for the mean over the population of documents the texts
    come from; over the N texts themselves KL has no error. A KL of 0 has an interval of no width.
    """
    relative = np.divide(spread.standard_error, kl, out=np.zeros_like(kl), where=kl > 0)
    quantile = stdtrit(np.maximum(spread.degrees_of_freedom, 1.0), (1 + confidence) / 2)
    reach = np.exp(quantile * relative)
    return kl / reach, kl * reach
