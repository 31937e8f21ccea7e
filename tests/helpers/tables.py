"""Tables of scores, of segments and of pairs that fit their schemas, made from a few values."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from modelmap.divergence.neighbours import pair_table
from modelmap.matrix.file import LogLikelihoods
from modelmap.matrix.segments import segment_table
from modelmap.matrix.segments_file import write_segments
from modelmap.matrix.tables import SEGMENTS
from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import write_table
from modelmap.texts.segments import segment_bounds


def score_table(
    texts: Sequence[str],
    loglik_nats: Sequence[float] | np.ndarray,
    truncated: Sequence[bool] | bool = False,
    lossless: Sequence[bool] | bool = True,
) -> pd.DataFrame:
    """Return the scores of texts 0, 1, ..., wholly scored, spread evenly over their bytes."""
    divided = [np.diff(segment_bounds(text)) for text in texts]
    return pd.DataFrame(
        {
            "text_id": range(len(texts)),
            "loglik_nats": np.asarray(loglik_nats, dtype=np.float64),
            "n_tokens": 3,
            "truncated": truncated,
            "lossless": lossless,
            "scored_from": 0,
            "scored_to": [int(sizes.sum()) for sizes in divided],
            "segments_nats": [
                (value * sizes / sizes.sum()).astype(np.float32)
                for value, sizes in zip(loglik_nats, divided, strict=True)
            ],
        }
    )


def write_even_segments(matrix: LogLikelihoods, texts: pd.DataFrame, layout: Layout) -> None:
    """Write the files of segments, with the log-likelihood of each text spread over its bytes."""
    table = segment_table(texts)
    write_table(table, SEGMENTS, layout.segment_table)
    rows = (
        np.concatenate(score_table(texts["text"].tolist(), row)["segments_nats"].to_list())
        for row in matrix.loglik_nats
    )
    write_segments(rows, matrix.models, len(table), matrix.text_set, layout.segments)


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
    frame.insert(8, "relation", "two families")
    return frame
