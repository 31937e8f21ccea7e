"""Tables of scores, of pairs and of places that fit their schemas, made from a few values."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from modelmap.divergence.neighbours import pair_table
from modelmap.plumbing.arrays import Matrix
from modelmap.texts.segments import segment_bounds


def score_table(
    texts: Sequence[str],
    loglik_nats: Sequence[float] | np.ndarray,
    truncated: Sequence[bool] | bool = False,
    lossless: Sequence[bool] | bool = True,
) -> pd.DataFrame:
    """Return the scores of texts 0, 1, ..., wholly scored, spread evenly over their bytes."""
    bounds = [segment_bounds(text) for text in texts]
    return pd.DataFrame(
        {
            "text_id": range(len(texts)),
            "loglik_nats": np.asarray(loglik_nats, dtype=np.float64),
            "n_tokens": 3,
            "truncated": truncated,
            "lossless": lossless,
            "scored_from": 0,
            "scored_to": [int(ends[-1]) for ends in bounds],
            "segments_nats": [
                (value * np.diff(ends) / max(ends[-1], 1)).astype(np.float32)
                for value, ends in zip(loglik_nats, bounds, strict=True)
            ],
        }
    )


def kl_table(kl: Matrix, models: Sequence[str], n_texts: int = 40) -> pd.DataFrame:
    """Return the table of pairs of KLs in bits per byte; the papers' estimates are ten times these.

    Standard errors are a tenth of the estimates, and intervals reach from 0.8 to 1.25 of them.
    """
    columns = {
        f"{name}_{which}bits_per_byte": kl * scale * factor
        for which, scale in (("", 1.0), ("papers_", 10.0))
        for name, factor in (("kl", 1.0), ("se", 0.1), ("low", 0.8), ("high", 1.25))
    }
    frame = pair_table(columns, models)
    frame.insert(6, "n_texts", n_texts)
    frame.insert(7, "warning", "")
    return frame


def map_table(models: Sequence[str], places: Matrix) -> pd.DataFrame:
    """Return a map with the models at `places`, shape (K, 2); on the papers' map x and y swap."""
    x, y = places.T
    return pd.DataFrame({"model": list(models), "x": x, "y": y, "x_papers": y, "y_papers": x})
