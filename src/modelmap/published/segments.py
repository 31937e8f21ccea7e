"""The log-likelihoods of segments in a bundle: those of the texts that come first in the plan."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modelmap.matrix.file import LogLikelihoods
from modelmap.matrix.segments import SUM_TOLERANCE, segment_table
from modelmap.matrix.segments_file import SegmentLogliks, read_segments, write_segments
from modelmap.matrix.tables import SEGMENTS
from modelmap.plumbing.arrays import Indices, Vector
from modelmap.plumbing.errors import listed
from modelmap.plumbing.tables import read_table, write_table

VALUES, TABLE = "segments.safetensors", "segments.parquet"


@dataclass(frozen=True)
class BundleSegments:
    """Log-likelihoods of segments, and the table of these segments."""

    values: SegmentLogliks
    table: pd.DataFrame
    """A table with the columns of SEGMENTS. In a bundle, segments of withheld texts are empty."""


def first_texts(plan: pd.DataFrame, n_texts: int) -> Indices:
    """Return the ids of the first `n_texts` texts of a plan, in ascending order, int64."""
    return np.sort(plan.loc[plan["rank"] <= n_texts, "text_id"].to_numpy(dtype=np.int64))


def _without_withheld(table: pd.DataFrame, texts: pd.DataFrame) -> pd.DataFrame:
    """Return a table of segments in which those of withheld texts are empty.

    `texts` has the columns of BUNDLE_TEXTS.
    """
    withheld = texts.loc[texts["withheld"], "text_id"]
    return table.assign(text=table["text"].mask(table["text_id"].isin(withheld), ""))


def write_bundle_segments(
    segments: BundleSegments, texts: pd.DataFrame, chosen: Indices, folder: Path
) -> None:
    """Write the log-likelihoods and the table of the segments of the texts `chosen` to a folder.

    `texts` has the columns of BUNDLE_TEXTS. The segments of withheld texts are written empty.
    """
    columns = np.isin(segments.table["text_id"], chosen)
    values = segments.values
    rows = (row[columns] for row in values.loglik_nats)
    write_segments(rows, values.models, int(columns.sum()), values.text_set, folder / VALUES)
    table = _without_withheld(segments.table[columns], texts)
    write_table(table, SEGMENTS, folder / TABLE)


def read_bundle_segments(folder: Path) -> BundleSegments:
    """Return the segments in a bundle, or in data/. Raises UserError if a file is damaged."""
    values = read_segments(folder / VALUES, folder / TABLE)
    return BundleSegments(values, read_table(folder / TABLE, SEGMENTS))


def wrong_segments(
    segments: BundleSegments,
    n_texts: int,
    plan: pd.DataFrame,
    texts: pd.DataFrame,
    matrix: LogLikelihoods,
    models: list[str],
) -> list[str]:
    """Return one message for each part of a bundle's segments that does not belong to the rest.

    The segments must be those of the first `n_texts` texts of the plan, under all `models`. `texts`
    has the columns of BUNDLE_TEXTS, with no text empty.
    """
    values, table = segments.values, segments.table
    chosen = first_texts(plan, n_texts)
    if len(chosen) != n_texts or not _is_of(table["text_id"], chosen):
        return [f"{TABLE} is not of the first {n_texts} texts of the plan"]
    expected = _without_withheld(segment_table(texts.iloc[chosen]), texts)
    wrong = _different_texts(table, expected)
    if wrong:
        return [f"segments of text {listed(wrong, 3)} in {TABLE}"]
    if values.text_set != matrix.text_set:
        return [f"{VALUES} is of other texts"]
    if values.models != models:
        return [f"{VALUES} is of other models"]
    # The log-likelihoods of texts are unknown for models that are not scored on all texts.
    unknown = np.full(len(chosen), np.nan)
    totals = dict(zip(matrix.models, matrix.loglik_nats[:, chosen], strict=True))
    return [
        message
        for name, row in zip(values.models, values.loglik_nats, strict=True)
        for message in _wrong_values(name, row, values.first, totals.get(name, unknown), chosen)
    ]


def _is_of(text_ids: pd.Series, chosen: Indices) -> bool:
    in_order = bool(text_ids.is_monotonic_increasing)
    return in_order and text_ids.unique().tolist() == chosen.tolist()


def _different_texts(one: pd.DataFrame, other: pd.DataFrame) -> list[int]:
    """Return the ids of the texts whose rows differ between two tables of the same texts."""
    rows, others = (
        {text_id: group.to_numpy().tolist() for text_id, group in table.groupby("text_id")}
        for table in (one, other)
    )
    return [text_id for text_id in others if rows[text_id] != others[text_id]]


def _wrong_values(
    name: str, row: NDArray[np.float32], first: Indices, loglik_nats: Vector, chosen: Indices
) -> list[str]:
    """Return the messages about one model's segments, shape (W,), of the N texts `chosen`.

    `first` are the first segments of the texts, and `loglik_nats` their log-likelihoods, (N,), NaN
    if unknown.
    """
    unknown = np.isnan(row)
    invalid = np.logical_or.reduceat(np.isinf(row) | (row > SUM_TOLERANCE), first)
    if invalid.any():
        return [
            f"segments of {name} are not finite and 0 or below on text "
            f"{listed(chosen[invalid].tolist(), 3)}"
        ]
    sums = np.add.reduceat(np.where(unknown, 0.0, row), first, dtype=np.float64)
    tolerance = SUM_TOLERANCE * (1 + np.abs(loglik_nats))
    # A segment that is not wholly scored is unknown, but it is at most 0. So the sum of the others
    # is not below the log-likelihood of the text.
    complete = ~np.logical_or.reduceat(unknown, first)
    too_low = sums < loglik_nats - tolerance
    too_high = complete & (sums > loglik_nats + tolerance)
    wrong = chosen[too_low | too_high].tolist()
    return [f"segments of {name} do not add up to text {listed(wrong, 3)}"] if wrong else []
