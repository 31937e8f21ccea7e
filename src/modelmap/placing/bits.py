"""Bits per byte of the new model, of all texts and of each category, with 95% intervals."""

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from modelmap.divergence.kl import LN2
from modelmap.plumbing.arrays import Indices, Vector

ALL = "all"


def bits_table(loglik_nats: Vector, n_bytes: Indices, texts: pd.DataFrame) -> pd.DataFrame:
    """Return bits per byte of all texts, in the first row, and of each category.

    `loglik_nats` are the log-likelihoods of the first d texts, and `n_bytes` their bytes. `texts`
    are all texts of the map, with a column category, in the same order. Columns are category,
    n_texts, bits_per_byte, low_bits_per_byte and high_bits_per_byte; the ends are missing where
    there is one text.
    """
    categories = texts["category"].to_numpy()
    scored = categories[: len(loglik_nats)]
    rows = [(ALL, len(scored), *ratio_with_interval(loglik_nats, n_bytes, len(categories)))]
    for category in sorted(set(scored)):
        chosen, n_all = scored == category, int((categories == category).sum())
        found = ratio_with_interval(loglik_nats[chosen], n_bytes[chosen], n_all)
        rows.append((category, int(chosen.sum()), *found))
    columns = ["category", "n_texts", "bits_per_byte", "low_bits_per_byte", "high_bits_per_byte"]
    return pd.DataFrame(rows, columns=columns)


def ratio_with_interval(
    loglik_nats: Vector, n_bytes: Indices, n_all: int
) -> tuple[float, float, float]:
    """Return the bits per byte of some texts, and the ends of the 95% interval for all `n_all`.

    The standard error is that of a ratio of sums over n of `n_all` texts, drawn at random (Cochran
    1977, Section 6.4). The ends are NaN for one text.
    """
    bits, size = -loglik_nats / LN2, n_bytes
    n_texts, ratio = len(bits), float(bits.sum() / size.sum())
    if n_texts == 1:
        return ratio, np.nan, np.nan
    spread = (bits - ratio * size).std(ddof=1) / size.mean()
    half = stdtrit(n_texts - 1, 0.975) * spread * np.sqrt((1 - n_texts / n_all) / n_texts)
    return ratio, float(ratio - half), float(ratio + half)
