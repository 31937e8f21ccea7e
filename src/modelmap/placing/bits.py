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
    of_all = np.ones(len(scored), dtype=bool)
    rows = [(ALL, *_ratio(loglik_nats, n_bytes, of_all, len(categories)))]
    for category in sorted(set(scored)):
        n_all = int((categories == category).sum())
        rows.append((category, *_ratio(loglik_nats, n_bytes, scored == category, n_all)))
    columns = ["category", "n_texts", "bits_per_byte", "low_bits_per_byte", "high_bits_per_byte"]
    return pd.DataFrame(rows, columns=columns)


def _ratio(
    loglik_nats: Vector, n_bytes: Indices, chosen: np.ndarray, n_all: int
) -> tuple[int, float, float, float]:
    """Return the number of texts, the ratio of sums over them, and the ends of its interval.

    The standard error is that of a ratio of sums over n of `n_all` texts, drawn at random (Cochran
    1977, Section 6.4).
    """
    bits, size = -loglik_nats[chosen] / LN2, n_bytes[chosen]
    n_texts, ratio = len(bits), float(bits.sum() / size.sum())
    if n_texts == 1:
        return 1, ratio, np.nan, np.nan
    spread = (bits - ratio * size).std(ddof=1) / size.mean()
    half = stdtrit(n_texts - 1, 0.975) * spread * np.sqrt((1 - n_texts / n_all) / n_texts)
    return n_texts, ratio, float(ratio - half), float(ratio + half)
