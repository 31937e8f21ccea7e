"""The nearest models of each model with their KL divergences and intervals."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from modelmap.divergence.neighbours import both_ways
from modelmap.page.encoding import as_base64, log_codes, log_scale

COLUMNS = ("kl_bits_per_byte", "low_bits_per_byte", "high_bits_per_byte")


def nearest_rows(pairs: pd.DataFrame, models: Sequence[str], n_kls: int) -> pd.DataFrame:
    """Return the nearest models of each model, the nearest first, with about `n_kls` rows in total.

    `pairs` has a row for each pair, in any order, or for some of the pairs. Columns of the result
    are model and other (positions in `models`), those of COLUMNS, and warning. Pairs without an
    estimate are left out.
    """
    position = {name: i for i, name in enumerate(models)}
    known = pairs.loc[
        pairs["kl_bits_per_byte"].notna(), ["model_a", "model_b", *COLUMNS, "warning"]
    ]
    both = both_ways(known)
    both = both.assign(**{end: both[end].map(position) for end in ("model", "other")})
    both = both.sort_values(["model", "kl_bits_per_byte", "other"], kind="stable")
    return both.groupby("model", sort=False).head(max(1, n_kls // len(models)))


def encoded_rows(rows: pd.DataFrame, n_models: int) -> dict[str, Any]:
    """Return the rows of `nearest_rows` for the page: numbers in base64, and the scale of codes.

    `first` has where the rows of each model begin; there is one more entry, for the end.
    """
    values = rows[list(COLUMNS)].to_numpy(np.float64)
    scale = log_scale(values)
    counts = np.bincount(rows["model"], minlength=n_models)
    codes = [as_base64(log_codes(column, scale)) for column in values.T]
    return {
        "first": as_base64(np.concatenate([[0], np.cumsum(counts)]), "<u4"),
        "other": as_base64(rows["other"].to_numpy()),
        **dict(zip(("kl", "low", "high"), codes, strict=True)),
        "warned": as_base64((rows["warning"] != "").to_numpy().astype(np.int64), "u1"),
        "scale": list(scale),
    }
