"""Whether the texts are likelier under a new model than its KL to a known one lets expect (ours).

Oyama et al. 2025 (ACL), Section 5.4, suspects that a model has seen the texts where its mean
log-likelihood is far above what its benchmark score predicts. Here a known model takes the place of
the benchmark.
"""

import numpy as np
from scipy.special import stdtrit

from modelmap.divergence.mixture import Floats
from modelmap.plumbing.arrays import Indices

FALSE_ALARMS = 0.05
"""Of the test whether the gain is larger than the KL."""


def gain_beyond_kl(new: Floats, known: Floats, first: Indices) -> float:
    """Return the t statistic of the gain of a new model over a known one, less their KL.

    `new` and `known` are log-likelihoods of segments in nats, shape (W,), NaN where a segment is
    not scored, and `first` the first segments of the N texts, at least 2. A text's gain is its
    log-likelihood under the new model minus that under the known one: the sum of Delta over its
    segments. Its term of the KL is the sum of Delta tanh(Delta / 2). Texts drawn from the mixture
    of the two models have an expected gain of half the difference between the two directed KLs,
    which is at most their mean, the KL. Texts with a larger gain are not such draws: the new model
    may have been trained on them. The statistic is the mean over texts of gain less KL, divided by
    its standard error; 0 if all texts are equal.
    """
    difference = (new - known).astype(np.float64)
    difference = np.where(np.isnan(difference), 0.0, difference)
    excess = np.add.reduceat(difference * (1 - np.tanh(difference / 2)), first)
    error = excess.std(ddof=1) / np.sqrt(len(excess))
    return float(excess.mean() / error) if error > 0 else 0.0


def largest_usual(n_texts: int) -> float:
    """Return the statistic above which a gain is larger than the KL, from at least 2 texts."""
    return float(stdtrit(n_texts - 1, 1 - FALSE_ALARMS))
