"""A few texts with the log-likelihoods of their segments, which say where two models differ."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modelmap.page.encoding import LARGEST_CODE, as_base64
from modelmap.plumbing.arrays import Indices

CODES_PER_NAT = 512
"""Log-likelihoods are rounded to 1/512 nat. The lowest that can be told from others is -128."""


def chosen_texts(texts: pd.DataFrame, n_segments: Indices, n_values: int, n_models: int) -> Indices:
    """Return the positions of the first texts, as many as have `n_values` values in total.

    `texts` has the columns rank and withheld, and one row per text, of which `n_segments` has the
    numbers of segments. Texts are taken by rank, and withheld ones are passed over.
    """
    order = np.argsort(texts["rank"].to_numpy(), kind="stable")
    order = order[~texts["withheld"].to_numpy()[order]]
    fits = np.cumsum(n_segments[order]) * max(1, n_models) <= n_values
    chosen: Indices = order[fits].astype(np.int64)
    return chosen


def loglik_codes(loglik_nats: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return a 16-bit code for each log-likelihood; LARGEST_CODE stands for one that is NaN."""
    codes = np.rint(-np.nan_to_num(loglik_nats.astype(np.float64)) * CODES_PER_NAT)
    known = np.clip(codes, 0, LARGEST_CODE - 1).astype(np.int64)
    return np.where(np.isnan(loglik_nats), LARGEST_CODE, known)


def encoded_texts(
    texts: pd.DataFrame,
    segments: pd.DataFrame,
    loglik_nats: NDArray[np.float32],
    rows: Indices,
) -> dict[str, Any]:
    """Return the texts for the page, with the log-likelihoods of their segments in base64.

    `texts` has the columns text_id and category, `segments` those of SEGMENTS for these texts, in
    their order, and `loglik_nats`, shape (models, segments), their log-likelihoods. `rows` has, for
    each model of the page, its row of `loglik_nats`, or -1.
    """
    words = segments.groupby("text_id", sort=False)["text"].agg(list)
    return {
        "codes_per_nat": CODES_PER_NAT,
        "rows": [int(row) for row in rows],
        "texts": [
            {"id": int(number), "category": category, "segments": words[number]}
            for number, category in zip(texts["text_id"], texts["category"], strict=True)
        ],
        "codes": as_base64(loglik_codes(loglik_nats)),
    }
