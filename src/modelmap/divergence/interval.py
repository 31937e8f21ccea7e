"""Confidence intervals of KL estimates. The papers give none; the method is this project's own."""

import numpy as np
from scipy.special import stdtrit

from modelmap.divergence.standard_error import StandardErrors
from modelmap.plumbing.arrays import Values, Vector

CONFIDENCE = 0.95
"""Of the intervals of percentiles."""
TARGET_POPULATION = "the population of documents the texts come from"
"""The population that intervals are for. The KL over the N texts themselves is known exactly."""


def intervals(kl: Values, errors: StandardErrors, confidence: float) -> tuple[Values, Values]:
    """Return the lower and the upper end of the confidence interval of every KL, in its unit.

    `kl` and both fields of `errors` have the same shape, which the ends have too. The interval is
    KL / r to KL r with r = exp(t SE / KL), where t is the quantile of Student's t distribution
    with the degrees of freedom of `errors`. It is for the KL over the population of documents that
    the texts come from. A KL of 0 has an interval of width 0.
    """
    # The interval is symmetric in log KL, whose standard error is SE / KL by the delta method:
    # log KL is closer to normally distributed than KL, and the lower end cannot be negative.
    relative = np.divide(errors.standard_error, kl, out=np.zeros_like(kl), where=kl > 0)
    # The diagonal has 0 degrees of freedom, for which there is no quantile.
    quantile = stdtrit(np.maximum(errors.degrees_of_freedom, 1.0), (1 + confidence) / 2)
    factor = np.exp(quantile * relative)
    return kl / factor, kl * factor


def percentile_ends(samples: Vector) -> tuple[float, float]:
    """Return the ends of the 95% interval of percentiles of bootstrap samples, shape (B,)."""
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(samples, [tail, 1 - tail])
    return float(low), float(high)
