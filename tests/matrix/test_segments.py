"""Log-likelihoods of segments: from score files to a file that is read without loading it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers.score_project import text_table
from helpers.tables import score_table
from safetensors.numpy import load_file

from modelmap.matrix.file import LogLikelihoods
from modelmap.matrix.segments import segment_rows, segment_table
from modelmap.matrix.segments_file import (
    SegmentLogliks,
    check_segments,
    read_segments,
    write_segments,
)
from modelmap.matrix.tables import SEGMENTS
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import check_table, write_table
from modelmap.score.identity import Identity
from modelmap.score.store import write_scores
from modelmap.texts.segments import segments

TEXTS = text_table(6)
TABLE = segment_table(TEXTS)
FIRST = np.flatnonzero(TABLE["segment"] == 0)
NAMES = ["org/one", "two", "Name with é"]
TEXT_SET = "f" * 64
SPECS = [
    ModelSpec(name=name, source="directory", location=name, family="f", kind="base")
    for name in ("a", "b")
]
Change = Callable[[pd.DataFrame], pd.DataFrame]


def made_up_rows() -> np.ndarray:
    """Return log-likelihoods of three models, some NaN, that need all digits of float32."""
    rows = -np.random.default_rng(0).gamma(2, 3, (3, len(TABLE))).astype(np.float32)
    rows[0, 0] = rows[2, 3:9] = np.nan
    return rows


def write_made_up(layout: Layout) -> np.ndarray:
    """Write the files of segments and return their rows."""
    rows = made_up_rows()
    write_table(TABLE, SEGMENTS, layout.segment_table)
    write_segments(iter(rows), NAMES, len(TABLE), TEXT_SET, layout.segments)
    return rows


def read(layout: Layout) -> SegmentLogliks:
    """Return what is in the files of segments."""
    return read_segments(layout.segments, layout.segment_table)


def told_by_reading(layout: Layout) -> str:
    """Return the one line that the files of segments are refused with."""
    with pytest.raises(UserError) as caught:
        read(layout)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_table_has_a_row_for_each_segment_of_each_text() -> None:
    """In order; joined they are the texts, and their bytes are the texts' bytes."""
    check_table(TABLE, SEGMENTS, "segments.parquet")
    by_text = TABLE.groupby("text_id")
    for text_id, text in zip(TEXTS["text_id"], TEXTS["text"], strict=True):
        part = by_text.get_group(text_id)
        assert part["text"].tolist() == segments(text)
        assert part["segment"].tolist() == list(range(len(part)))
    assert by_text["n_bytes"].sum().tolist() == TEXTS["n_bytes"].tolist()
    assert TABLE["text_id"].is_monotonic_increasing


def test_rows_come_back_bit_for_bit_and_stay_on_disk(tmp_path: Path) -> None:
    """NaN too; values are mapped into memory, and with them come models, texts and sizes."""
    layout = Layout(tmp_path)
    rows = write_made_up(layout)
    found = read(layout)
    assert isinstance(found.loglik_nats, np.memmap)
    assert found.loglik_nats.dtype == np.float32
    assert found.loglik_nats.tobytes() == rows.tobytes()
    assert (found.models, found.text_set) == (NAMES, TEXT_SET)
    assert found.first.tolist() == FIRST.tolist()
    assert found.n_bytes.tolist() == TABLE["n_bytes"].tolist()


def test_the_file_is_one_that_the_safetensors_library_reads(tmp_path: Path) -> None:
    """One tensor of float32 with a row for each model; values begin at a multiple of 8 bytes."""
    layout = Layout(tmp_path)
    rows = write_made_up(layout)
    tensors = load_file(layout.segments)
    assert list(tensors) == ["loglik_nats"]
    np.testing.assert_array_equal(tensors["loglik_nats"], rows)
    assert (layout.segments.stat().st_size - rows.nbytes) % 8 == 0


def test_the_same_rows_are_the_same_bytes(tmp_path: Path) -> None:
    """Nothing of the time or of the memory's layout is in the file."""
    files = [tmp_path / "one.safetensors", tmp_path / "other.safetensors"]
    for path, rows in zip(files, (made_up_rows(), np.asfortranarray(made_up_rows())), strict=True):
        write_segments(rows, NAMES, len(TABLE), TEXT_SET, path)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_rows_that_fail_leave_the_earlier_file(tmp_path: Path) -> None:
    """A model whose scores are refused after others were written changes nothing."""
    layout = Layout(tmp_path)
    write_made_up(layout)
    before = layout.segments.read_bytes()

    def failing() -> Iterator[np.ndarray]:
        yield made_up_rows()[0]
        raise UserError("refused")

    with pytest.raises(UserError, match="refused"):
        write_segments(failing(), NAMES, len(TABLE), TEXT_SET, layout.segments)
    assert layout.segments.read_bytes() == before
    assert {path.name for path in layout.segments.parent.iterdir()} == {
        "segments.parquet",
        "segments.safetensors",
    }


def test_missing_files_are_told(tmp_path: Path) -> None:
    """Each by its name, and with what to run."""
    layout = Layout(tmp_path)
    assert told_by_reading(layout).startswith("segments.parquet is missing: run `dvc repro`")
    write_table(TABLE, SEGMENTS, layout.segment_table)
    assert told_by_reading(layout) == "segments.safetensors is missing: run `dvc repro`"


@pytest.mark.parametrize("keep", [0, 4, 60, 1000, -1])
def test_a_file_cut_short_is_told(tmp_path: Path, keep: int) -> None:
    """However much of it is left."""
    layout = Layout(tmp_path)
    write_made_up(layout)
    layout.segments.write_bytes(layout.segments.read_bytes()[:keep])
    assert told_by_reading(layout) == "segments.safetensors is damaged: run `dvc repro matrix`"


@pytest.mark.parametrize("content", [b"", b"\0" * 64, b"\xff" * 64, b"PAR1" * 99])
def test_a_file_that_is_no_safetensors_file_is_told(tmp_path: Path, content: bytes) -> None:
    """In one line that says which stage writes it."""
    layout = Layout(tmp_path)
    write_made_up(layout)
    layout.segments.write_bytes(content)
    assert told_by_reading(layout) == "segments.safetensors is damaged: run `dvc repro matrix`"


def test_a_table_of_other_segments_is_told(tmp_path: Path) -> None:
    """A row fewer than the tensor has columns."""
    layout = Layout(tmp_path)
    write_made_up(layout)
    write_table(TABLE.iloc[:-1], SEGMENTS, layout.segment_table)
    assert told_by_reading(layout) == (
        "segments.safetensors is not of the segments of segments.parquet: run `dvc repro`"
    )


def matrix_of(models: list[str], text_set: str = TEXT_SET) -> LogLikelihoods:
    """Return a matrix of these models."""
    return LogLikelihoods(np.zeros((len(models), 6)), models, -1.0, 9.0, text_set)


def test_models_without_segments_are_named(tmp_path: Path) -> None:
    """All of them, in the order of the matrix; models that the matrix lacks do not matter."""
    layout = Layout(tmp_path)
    write_made_up(layout)
    check_segments(read(layout), matrix_of(NAMES[::-1]))
    check_segments(read(layout), matrix_of(NAMES[:1]))
    with pytest.raises(UserError) as caught:
        check_segments(read(layout), matrix_of(["x", "two", "aa/y"]))
    assert str(caught.value) == (
        "models without log-likelihoods of segments, because they are imported: x, aa/y; set "
        "divergence.estimate to papers in params.yaml"
    )


def test_segments_of_other_texts_are_told(tmp_path: Path) -> None:
    """The matrix and the segments are of one set of texts."""
    layout = Layout(tmp_path)
    write_made_up(layout)
    with pytest.raises(UserError, match="are of different texts: `dvc repro`"):
        check_segments(read(layout), matrix_of(NAMES, "0" * 64))


def write_scores_of(layout: Layout, change: Change = lambda frame: frame) -> pd.DataFrame:
    """Write score files of two models, of which the second is changed; return the first."""
    frame = score_table(TEXTS["text"].tolist(), -np.arange(10.0, 70.0, 10.0))
    for spec, scores in zip(SPECS, (frame, change(frame)), strict=True):
        identity = Identity(
            "files", spec.name, "t", "own", "float32", None, "auto", None, TEXT_SET, 3
        )
        facts: dict[str, object] = {"n_params": 9, "added_bos": True}
        write_scores(scores, layout.scores / spec.file_name, identity, facts)
    return frame


def rows_of(layout: Layout) -> np.ndarray:
    """Return the rows of both models."""
    return np.stack(list(segment_rows(SPECS, TABLE, None, layout.scores)))


def test_rows_are_the_scores_of_the_segments(tmp_path: Path) -> None:
    """In the order of the table, whatever the order of the texts in a score file."""
    layout = Layout(tmp_path)
    frame = write_scores_of(layout, lambda scores: scores.iloc[[4, 0, 5, 2, 1, 3]])
    rows = rows_of(layout)
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows[0], np.concatenate(frame["segments_nats"].to_list()))
    np.testing.assert_array_equal(rows[1], rows[0])


@pytest.mark.parametrize(
    ("scored_from", "scored_to", "unscored"),
    [
        # Segments of text 1, "1: def add(a, b):...", end at bytes 1, 2, 6, 10, ...
        (0, 100, []),
        (1, 100, [0]),
        (2, 100, [0, 1]),
        (3, 100, [0, 1, 2]),
        (0, 10, [4, 5, 6, 7, 8]),
        (0, 9, [3, 4, 5, 6, 7, 8]),
        (6, 6, list(range(9))),
    ],
)
def test_segments_that_are_not_wholly_scored_are_nan(
    tmp_path: Path, scored_from: int, scored_to: int, unscored: list[int]
) -> None:
    """Without BOS the first token is not scored, and of a long text the end is not."""
    layout = Layout(tmp_path)

    def change(scores: pd.DataFrame) -> pd.DataFrame:
        changed = scores.copy()
        changed.loc[1, ["scored_from", "scored_to"]] = scored_from, scored_to
        return changed

    write_scores_of(layout, change)
    complete, partly = rows_of(layout)
    beginning = slice(FIRST[1], FIRST[1] + 9)
    assert np.flatnonzero(np.isnan(partly[beginning])).tolist() == unscored
    assert not np.isnan(np.delete(partly, np.arange(FIRST[1], FIRST[2]))).any()
    scored = ~np.isnan(partly)
    np.testing.assert_array_equal(partly[scored], complete[scored])
    assert not np.isnan(complete).any()


def refusal(layout: Layout) -> str:
    """Return the one line that the scores of the second model are refused with."""
    with pytest.raises(UserError) as caught:
        rows_of(layout)
    return str(caught.value)


def one_segment_more(scores: pd.DataFrame) -> pd.DataFrame:
    """Return scores with a segment of 0 nats added to texts 2 and 5."""
    longer = [
        np.append(values, np.float32(0)) if text_id in (2, 5) else values
        for text_id, values in zip(scores["text_id"], scores["segments_nats"], strict=True)
    ]
    return scores.assign(segments_nats=longer)


def other_sums(scores: pd.DataFrame) -> pd.DataFrame:
    """Return scores in which the log-likelihood of texts 2 and 5 is by 1e-4 of it higher."""
    factor = np.where(scores["text_id"].isin([2, 5]), 1 - 1e-4, 1.0)
    return scores.assign(loglik_nats=scores["loglik_nats"] * factor)


def not_numbers(scores: pd.DataFrame) -> pd.DataFrame:
    """Return scores in which a segment of texts 2 and 5 is NaN."""
    odd = [values.copy() for values in scores["segments_nats"]]
    odd[2][0] = odd[5][1] = np.nan
    return scores.assign(segments_nats=odd)


@pytest.mark.parametrize("change", [one_segment_more, other_sums, not_numbers])
def test_segments_that_are_not_those_of_the_texts_are_refused(
    tmp_path: Path, change: Change
) -> None:
    """By the model, all texts concerned, and what to do."""
    layout = Layout(tmp_path)
    write_scores_of(layout, change)
    assert refusal(layout) == (
        "scores of b: segments do not add up to texts 2, 5; delete b.parquet in data/scores and "
        "run `dvc repro score`"
    )
