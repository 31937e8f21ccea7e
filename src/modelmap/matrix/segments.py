"""The log-likelihoods of the segments of all texts under all scored models (ours)."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modelmap.matrix.segments_file import SegmentLogliks, read_segments
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.arrays import Indices
from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.imported import Imported, imported_file
from modelmap.plumbing.layout import Layout
from modelmap.score.store import read_scores
from modelmap.texts.segments import segments

SUM_TOLERANCE = 1e-6
"""Largest difference between a text's log-likelihood and the sum of its segments, as a share."""


def segment_table(texts: pd.DataFrame) -> pd.DataFrame:
    """Return one row per segment of the texts, in order, with the columns of SEGMENTS."""
    divided = [segments(text) for text in texts["text"]]
    words = [segment for one in divided for segment in one]
    return pd.DataFrame(
        {
            "text_id": np.repeat(texts["text_id"].to_numpy(), [len(one) for one in divided]),
            "segment": np.concatenate([np.arange(len(one)) for one in divided]),
            "text": words,
            "n_bytes": [len(segment.encode("utf-8")) for segment in words],
        }
    )


def imported_segments(
    imported: Imported | None, table: pd.DataFrame, layout: Layout
) -> SegmentLogliks | None:
    """Return the imported log-likelihoods of segments, or None if they are not of all texts.

    `table` is that of `segment_table`. Raises UserError if it has other segments.
    """
    # A bundle may have segments of the texts that come first in its plan, which place new models.
    # The stage divergence estimates the KL divergences of all models from all texts.
    if imported is None or imported.n_segment_texts != imported.n_texts:
        return None
    files = [imported_file(layout, imported, key) for key in ("segments", "segment_table")]
    found = read_segments(*files)
    if not np.array_equal(found.n_bytes, table["n_bytes"]):
        raise UserError(
            "data/imported has other segments of the texts: run `modelmap import` again"
        )
    return found


def segment_rows(
    specs: Sequence[ModelSpec],
    table: pd.DataFrame,
    imported: SegmentLogliks | None,
    scores: Path,
) -> Iterator[NDArray[np.float32]]:
    """Yield the log-likelihoods of all segments in nats for each model, float32.

    `table` is that of `segment_table`, `imported` has the rows of imported models, and `scores` is
    the folder of score files. A segment
    that is not wholly scored is NaN, as are all segments of a text that is not scored. Only one
    model's scores are in memory at a time. Raises UserError if the segments of a scored model are
    not those of the texts, or do not add up to its log-likelihoods.
    """
    first = np.flatnonzero(table["segment"].to_numpy() == 0)
    text_ids = table["text_id"].to_numpy()[first]
    n_segments = np.diff(first, append=len(table))
    for spec in specs:
        if spec.source == "imported":
            assert imported is not None
            yield imported.loglik_nats[imported.models.index(spec.name)]
            continue
        frame, _ = read_scores(scores / spec.file_name)
        there = np.isin(text_ids, frame["text_id"])
        columns = np.repeat(there, n_segments)
        part = table[columns]
        values = np.full(len(table), np.nan, dtype=np.float32)
        frame = frame.set_index("text_id").loc[text_ids[there]]
        values[columns] = _checked_segments(spec, frame, part)
        yield values


def _checked_segments(
    spec: ModelSpec, frame: pd.DataFrame, table: pd.DataFrame
) -> NDArray[np.float32]:
    """Return the log-likelihoods of the segments of `table`, those of the texts of `frame`."""
    first = np.flatnonzero(table["segment"].to_numpy() == 0)
    values = np.concatenate(frame["segments_nats"].to_list())
    wrong = frame["segments_nats"].map(len).to_numpy() != np.diff(first, append=len(table))
    if not wrong.any():
        sums = np.add.reduceat(values, first, dtype=np.float64)
        wrong = ~np.isclose(sums, frame["loglik_nats"], rtol=SUM_TOLERANCE, atol=SUM_TOLERANCE)
    if wrong.any():
        raise UserError(
            f"scores of {spec.name}: segments do not add up to texts "
            f"{listed(frame.index[wrong].tolist())}; delete {spec.file_name} in data/scores and "
            "run `dvc repro score`"
        )
    return wholly_scored(values, frame, first, table["n_bytes"].to_numpy())


def wholly_scored(
    values: NDArray[np.float32], scores: pd.DataFrame, first: Indices, n_bytes: Indices
) -> NDArray[np.float32]:
    """Return the values of segments, NaN for those of which some bytes are not scored.

    `scores` has one row per text, with the columns of SCORES; `first` are the first segments of
    the texts, and `n_bytes` the bytes of the segments, of which `values` are the log-likelihoods.
    """
    # The first token of a text has no log-likelihood where no BOS is put before it.
    n_segments = np.diff(first, append=len(n_bytes))
    stops = np.cumsum(n_bytes)
    stops -= np.repeat(stops[first] - n_bytes[first], n_segments)
    scored_from = np.repeat(scores["scored_from"].to_numpy(), n_segments)
    scored_to = np.repeat(scores["scored_to"].to_numpy(), n_segments)
    whole = (stops - n_bytes >= scored_from) & (stops <= scored_to)
    return np.where(whole, values, np.float32(np.nan))
