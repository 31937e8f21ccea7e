"""Tables fit their schemas or are refused, and files hold what was written."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pyarrow
import pyarrow.parquet as pq
import pytest
from helpers.tables import kl_table, score_table

from modelmap.divergence.tables import CLUSTERS, KL, NEIGHBOURS
from modelmap.map.file import map_table
from modelmap.map.tables import MAP, SPECTRUM
from modelmap.matrix.tables import CATEGORY_BITS, MODELS
from modelmap.plan.tables import PLAN_ERRORS
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.tables import (
    check_table,
    read_csv,
    read_models,
    read_parquet,
    read_table,
    read_unchecked_csv,
    write_csv,
    write_parquet,
    write_table,
)
from modelmap.review.dictionary import FILES
from modelmap.score.tables import SCORES
from modelmap.texts.tables import TEXTS


def places(n: int = 4) -> pd.DataFrame:
    """Return a right map table."""
    where = np.outer(np.arange(n), [1 / 3, -np.pi])
    return map_table([f"m{i}" for i in range(n)], where, -where)


def texts() -> pd.DataFrame:
    """Return a right texts table, with characters of every size."""
    content = ["plain", "é\n東", "🚀\x00\u2028"]
    return pd.DataFrame(
        {
            "text_id": [0, 1, 2],
            "text": content,
            "category": "c",
            "source": "s",
            "source_version": "",
            "source_path": "p#1",
            "document_id": ["d", "d", "e"],
            "chunk_index": [0, 1, 0],
            "n_bytes": [len(text.encode()) for text in content],
        }
    )


def refusal(frame: pd.DataFrame, schema: pa.DataFrameSchema = MAP) -> str:
    """Return the one line that a wrong table is refused with."""
    with pytest.raises(UserError) as caught:
        check_table(frame, schema, "map.parquet")
    message = str(caught.value)
    assert message.startswith("map.parquet does not fit its schema: ")
    assert "\n" not in message
    return message.partition(": ")[2]


def test_every_schema_is_strict_and_its_key_is_among_its_columns() -> None:
    """All say what the table holds, and refuse extra columns and another order."""
    for schema in FILES.values():
        assert schema.description
        assert schema.strict
        assert schema.ordered
        assert schema.unique
        assert set(schema.unique) <= set(schema.columns)


def test_a_right_table_is_returned_as_it_is() -> None:
    """Checking changes no value, type or order."""
    for frame, schema in ((places(), MAP), (texts(), TEXTS)):
        pd.testing.assert_frame_equal(check_table(frame.copy(), schema, "t"), frame)


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (lambda t: t.drop(columns="x"), ["column_in_dataframe (x)"]),
        (lambda t: t.drop(columns=["x", "y"]), ["(x)", "(y)"]),
        (lambda t: t.assign(z=1.0), ["column_in_schema (z)"]),
        (
            lambda t: t[["x", "model", "y", "x_papers", "y_papers"]],
            ["column_ordered (x)", "column_ordered (model)"],
        ),
        (lambda t: t.assign(x=[1, 2, 3, 4]), ["x: dtype('float64') (int64)"]),
        (lambda t: t.assign(y=list("abcd")), ["y: dtype('float64')"]),
        (lambda t: t.assign(model=[1, 2, 3, 4]), ["model: ", "dtype"]),
        (lambda t: t.assign(x=[0.0, np.nan, 1.0, 2.0]), ["x: not_nullable fails at row 1"]),
        (
            lambda t: t.assign(x=[0, 1, np.inf, 2.0], y=[-np.inf, 0, 1, np.nan]),
            [
                "x: finite fails at row 2",
                "y: finite fails at row 0",
                "y: not_nullable fails at row 3",
            ],
        ),
        (lambda t: t.assign(model=["a", None, "c", "d"]), ["model: not_nullable fails at row 1"]),
        (
            lambda t: t.assign(model=["a", "b", "c", "b"]),
            ["model: multiple_fields_uniqueness fails at row 1", "fails at row 3"],
        ),
    ],
)
def test_each_failure_is_told_with_its_column_and_row(
    change: Callable[[pd.DataFrame], pd.DataFrame], parts: list[str]
) -> None:
    """Missing, extra, moved and mistyped columns, and every wrong cell, in one line."""
    message = refusal(change(places()))
    for part in parts:
        assert part in message


def test_many_failures_are_counted() -> None:
    """The first five are named; how many more there are is said."""
    message = refusal(places(12).assign(x=np.inf))
    assert all(f"x: finite fails at row {row}" in message for row in range(5))
    assert message.endswith(" and 7 more")


def test_rows_are_named_by_their_own_index() -> None:
    """A row of a part of a table is told as it is known there."""
    part = places(6).iloc[3:]
    part.loc[4, "x"] = np.nan
    assert refusal(part) == "x: not_nullable fails at row 4"


@pytest.mark.parametrize(
    ("schema", "row", "column"),
    [
        (NEIGHBOURS, ("a", 0, "b", 0.1), "rank"),
        (CLUSTERS, (0, -1, 1, 0.1, 2), "left"),
        (CLUSTERS, (0, 0, 1, -0.1, 2), "height_bits_per_byte"),
        (SPECTRUM, (0, 0.5, 0.5), "component"),
        (CATEGORY_BITS, ("a", "c", -1, 0.5), "n_texts"),
        (CATEGORY_BITS, ("a", "c", 1, np.inf), "bits_per_byte"),
    ],
)
def test_impossible_values_are_refused(
    schema: pa.DataFrameSchema, row: tuple[object, ...], column: str
) -> None:
    """Ranks from 0, negative heights, empty categories: only the wrong column is named."""
    message = refusal(pd.DataFrame([row], columns=list(schema.columns)), schema)
    assert message.startswith(f"{column}: ")
    assert message.endswith(" fails at row 0")


@pytest.mark.parametrize(
    ("schema", "column", "value"),
    [
        (KL, "kl_bits_per_byte", -1e-9),
        (KL, "se_bits_per_byte", -0.1),
        (KL, "kl_bits_per_byte", np.inf),
        (KL, "high_papers_bits_per_byte", np.inf),
        (KL, "n_texts", 0),
        (SCORES, "text_id", -1),
        (SCORES, "n_tokens", -1),
        (SCORES, "scored_to", -1),
        (SCORES, "segments_nats", None),
    ],
)
def test_impossible_divergences_and_scores_are_refused(
    schema: pa.DataFrameSchema, column: str, value: object
) -> None:
    """One wrong cell of a right table is told by its column and row."""
    right = kl_table(1 - np.eye(2), ["a", "b"]) if schema is KL else score_table(["a b"], [-1.0])
    check_table(right, schema, "t")
    message = refusal(right.assign(**{column: value}), schema)
    assert message.startswith(f"{column}: ")
    assert message.endswith(" fails at row 0")


@pytest.mark.parametrize(
    ("change", "column"),
    [
        (lambda t: t.assign(text_id=[0, 1, 1]), "text_id"),
        (lambda t: t.assign(text_id=[-1, 0, 1]), "text_id"),
        (lambda t: t.assign(n_bytes=[5, 0, 7]), "n_bytes"),
        (lambda t: t.assign(n_bytes=[5.0, 6.0, 7.0]), "n_bytes"),
        (lambda t: t.assign(chunk_index=[0, -1, 0]), "chunk_index"),
        (lambda t: t.assign(text=["a", None, "b"]), "text"),
        (lambda t: t.assign(category=["a", "b\0", "c"]), "category"),
        (lambda t: t.assign(category=["a", "\x1b[2J", "c"]), "category"),
        (lambda t: t.assign(category=["a", "b", ""]), "category"),
        (lambda t: t.assign(document_id=["d", "d", ""]), "document_id"),
    ],
)
def test_wrong_texts_are_refused(
    change: Callable[[pd.DataFrame], pd.DataFrame], column: str
) -> None:
    """Ids are unique and from 0, sizes are whole and positive, no text is missing."""
    assert refusal(change(texts()), TEXTS).startswith(f"{column}: ")


def test_a_table_that_does_not_fit_is_not_written(tmp_path: Path) -> None:
    """An earlier file stays as it was."""
    path = tmp_path / "map.parquet"
    write_table(places(), MAP, path)
    before = path.read_bytes()
    with pytest.raises(UserError, match=r"map\.parquet does not fit"):
        write_table(places().assign(x=np.nan), MAP, path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["map.parquet"]


def test_a_file_gives_back_its_table_and_metadata(tmp_path: Path) -> None:
    """Every value comes back bit for bit, with its type, and the metadata as text."""
    path = tmp_path / "t.parquet"
    for frame, schema in ((places(), MAP), (texts(), TEXTS)):
        write_table(frame, schema, path, {"unit": "nats", "é": "東"})
        pd.testing.assert_frame_equal(read_table(path, schema), frame, check_exact=True)
        assert read_parquet(path)[1] == {"unit": "nats", "é": "東"}


def test_a_model_without_a_parent_or_a_date_stays_without_one(tmp_path: Path) -> None:
    """The columns that may be empty come back empty where they were, or empty as a whole."""
    frame = pd.DataFrame(
        {
            "model": ["a", "b"],
            "family": "a",
            "parent": [None, "a"],
            "kind": ["base", "finetune"],
            "created": None,
            "n_params": [1, 1],
            "dtype": "float32",
            "revision": "r",
            "added_bos": [True, False],
            "n_texts": 4,
        }
    ).astype({"parent": "str", "created": "str"})
    write_table(frame, MODELS, tmp_path / "m.parquet")
    back = read_table(tmp_path / "m.parquet", MODELS)
    assert back["parent"].isna().tolist() == [True, False]
    assert back["parent"].iloc[1] == "a"
    assert back["created"].isna().all()
    for column in ("family", "kind", "dtype", "revision"):
        with pytest.raises(UserError, match=rf"{column}: text on one line fails at row 1"):
            write_table(frame.assign(**{column: ["a", "b\x1b"]}), MODELS, tmp_path / "m.parquet")
    frame["created"] = ["2024-10-31", "2024"]
    with pytest.raises(UserError, match=r"created: .* fails at row 1"):
        write_table(frame, MODELS, tmp_path / "m.parquet")


def test_the_same_table_is_the_same_bytes(tmp_path: Path) -> None:
    """Nothing of the time, the path or an earlier order of rows in memory is in a file."""
    frame = texts()
    shuffled = frame.iloc[::-1].iloc[::-1]
    for name, one in (("a", frame), ("b", frame.copy()), ("c", shuffled)):
        write_table(one, TEXTS, tmp_path / f"{name}.parquet", {"k": "v"})
    contents = {(tmp_path / f"{name}.parquet").read_bytes() for name in "abc"}
    assert len(contents) == 1


def test_the_index_is_not_written(tmp_path: Path) -> None:
    """Rows come back numbered from 0."""
    write_table(places(6).iloc[3:], MAP, tmp_path / "m.parquet")
    back = read_table(tmp_path / "m.parquet", MAP)
    assert back.index.tolist() == [0, 1, 2]
    assert list(back.columns) == list(MAP.columns)


def damage(content: bytes, kind: str) -> bytes:
    """Return a file's bytes, torn or overwritten."""
    half = len(content) // 2
    return {
        "empty": b"",
        "one byte": content[:1],
        "cut in half": content[:half],
        "last byte gone": content[:-1],
        "first half gone": content[half:],
        "not parquet": b"model,x,y\n" * 9,
    }[kind]


@pytest.mark.parametrize(
    "kind",
    [
        "empty",
        "one byte",
        "cut in half",
        "last byte gone",
        "first half gone",
        "not parquet",
    ],
)
def test_a_torn_file_is_told_in_one_line(tmp_path: Path, kind: str) -> None:
    """Whatever is left of it, the message names the file and what to run."""
    path = tmp_path / "map.parquet"
    write_table(places(500), MAP, path)
    path.write_bytes(damage(path.read_bytes(), kind))
    with pytest.raises(UserError, match=r"^map\.parquet is cut short or damaged: .*dvc repro"):
        read_table(path, MAP)


def test_a_changed_byte_is_told_or_changes_nothing(tmp_path: Path) -> None:
    """Wherever one byte of the pages is another, the table is as it was or is refused."""
    path = tmp_path / "map.parquet"
    write_table(places(50), MAP, path)
    whole = path.read_bytes()
    pages = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    for place in range(0, pages, 5):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            back = read_table(path, MAP)
        except UserError:
            continue
        assert back.equals(places(50)), f"byte {place} of {pages}"


def test_a_changed_byte_of_the_footer_is_told_in_one_line(tmp_path: Path) -> None:
    """Whatever of the schema or the metadata is another, nothing but a UserError comes of it."""
    path = tmp_path / "map.parquet"
    write_table(places(50), MAP, path, {"unit": "nats"})
    whole = path.read_bytes()
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    messages = []
    places_tried = range(footer, len(whole), 9)
    for place in places_tried:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            read_table(path, MAP)
        except UserError as error:
            messages.append(str(error))
    assert len(messages) > len(places_tried) / 4
    assert not any("\n" in message for message in messages)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            PermissionError(errno.EACCES, "Permission denied", "/a/map.parquet"),
            "map.parquet cannot be read: Permission denied",
        ),
        (OSError(errno.EIO, "Input/output error"), "map.parquet cannot be read: Input/output"),
        (MemoryError(), "there is too little memory to read map.parquet: "),
        (pyarrow.lib.ArrowMemoryError("malloc of size 9"), "there is too little memory to read"),
    ],
)
def test_a_table_that_could_not_be_read_is_not_told_to_be_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    """No permission, a disk that fails, and too little memory are told as what they are."""

    def fail(*_: object, **__: object) -> None:
        raise error

    write_table(places(), MAP, tmp_path / "map.parquet")
    monkeypatch.setattr(pq, "read_table", fail)
    with pytest.raises(UserError) as caught:
        read_table(tmp_path / "map.parquet", MAP)
    assert str(caught.value).startswith(message)
    assert "damaged" not in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_table_without_permission_is_told(tmp_path: Path) -> None:
    """Parquet and CSV alike."""
    write_table(places(), MAP, tmp_path / "map.parquet")
    (tmp_path / "plan.csv").write_text("d\n1\n")
    for path in tmp_path.iterdir():
        path.chmod(0)
    with pytest.raises(UserError, match=r"map\.parquet cannot be read: Permission denied"):
        read_table(tmp_path / "map.parquet", MAP)
    with pytest.raises(UserError, match=r"plan\.csv cannot be read: Permission denied"):
        read_csv(tmp_path / "plan.csv", PLAN_ERRORS)


HUGE: dict[str, pyarrow.Array] = {
    "one long text": pyarrow.array(["a" * 100_000_000]),
    "a text that many rows share": pyarrow.DictionaryArray.from_arrays(
        pyarrow.array([0] * 300, pyarrow.int32()), pyarrow.array(["a" * 1_000_000])
    ).cast(pyarrow.string()),
}


@pytest.mark.parametrize("name", list(HUGE))
def test_a_small_file_of_much_text_is_told(tmp_path: Path, name: str) -> None:
    """A few kilobytes may hold hundreds of megabytes of the same letter."""
    path = tmp_path / "texts.parquet"
    table = pyarrow.table({"text": HUGE[name]})
    pq.write_table(table, path, compression="zstd", dictionary_pagesize_limit=10**7)
    assert path.stat().st_size < 50_000
    with pytest.raises(UserError, match=r"^texts\.parquet has \d+ MB of content in \d+ kB, more"):
        read_parquet(path)


@pytest.mark.parametrize(
    "column",
    [
        pyarrow.array([["a"]]),
        pyarrow.array([{"a": 1}]),
        pyarrow.array([b"a"], pyarrow.binary(1)),
        pyarrow.array([b"a"]),
    ],
    ids=lambda column: str(column.type),
)
def test_a_column_of_a_kind_that_no_table_has_is_told(
    tmp_path: Path, column: pyarrow.Array
) -> None:
    """Lists, records and bytes are not read at all."""
    pq.write_table(pyarrow.table({"text": column}), tmp_path / "texts.parquet")
    with pytest.raises(UserError, match=r"^texts\.parquet has columns of a kind that no"):
        read_parquet(tmp_path / "texts.parquet")


def test_a_missing_table_is_told_with_how_to_get_it(tmp_path: Path) -> None:
    """The file's name is in the message, this machine's path is not."""
    with pytest.raises(UserError, match=r"map\.parquet is missing: .*dvc repro") as caught:
        read_table(tmp_path / "map.parquet", MAP)
    assert str(tmp_path) not in str(caught.value)


def test_a_table_of_another_kind_is_refused_when_it_is_read(tmp_path: Path) -> None:
    """A whole file in the wrong place does not pass for the right one."""
    write_table(places(), MAP, tmp_path / "kl.parquet")
    with pytest.raises(UserError, match=r"kl\.parquet does not fit its schema: .*\(model\)"):
        read_table(tmp_path / "kl.parquet", KL)


def test_a_frame_without_a_schema_keeps_its_metadata_apart_from_pandas_own(tmp_path: Path) -> None:
    """Only what was given comes back as metadata, none where none was."""
    frame: Any = pd.DataFrame({"a": [1.5]})
    write_parquet(frame, tmp_path / "f.parquet", None)
    assert read_parquet(tmp_path / "f.parquet")[1] == {}


def test_a_csv_table_comes_back_with_its_types(tmp_path: Path) -> None:
    """Whole numbers stay whole and text stays text; floats keep 4 significant digits."""
    frame = pd.DataFrame(
        {
            "d": [10, 20],
            "predicted_error": [0.123456, 0.1],
            "this_order_error": [0.1, 0.1],
            "redrawn_error": [0.1, 0.1],
            "interval_coverage": [0.95, 1.0],
        }
    )
    write_csv(frame, PLAN_ERRORS, tmp_path / "plan.csv")
    back = read_csv(tmp_path / "plan.csv", PLAN_ERRORS)
    assert back.dtypes.tolist() == frame.dtypes.tolist()
    assert back["predicted_error"].tolist() == [0.1235, 0.1]


def test_a_csv_table_that_is_missing_or_of_another_kind_is_told(tmp_path: Path) -> None:
    """Missing, not CSV, and other columns: one line each that names the file."""
    path = tmp_path / "plan.csv"
    with pytest.raises(UserError, match=r"plan.csv is missing: run `dvc repro`"):
        read_csv(path, PLAN_ERRORS)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match=r"plan.csv"):
        read_csv(path, PLAN_ERRORS)
    path.write_text("d,other\n1,2\n")
    with pytest.raises(UserError, match=r"plan.csv does not fit its schema"):
        read_csv(path, PLAN_ERRORS)


def test_a_csv_table_with_a_merge_conflict_is_told(tmp_path: Path) -> None:
    """Both versions of a row and git's own lines between them would be read as rows."""
    path = tmp_path / "plan.csv"
    path.write_text("d,error\n<<<<<<< HEAD\n3,0.1\n=======\n3,0.2\n>>>>>>> other\n4,0.1\n")
    with pytest.raises(UserError, match=r"plan\.csv has a merge conflict in line 2: "):
        read_unchecked_csv(path)


def test_a_table_of_models_comes_in_the_order_asked_for(tmp_path: Path) -> None:
    """Rows are put in the order of the matrix; a table of other models is told by name."""
    path = tmp_path / "map.parquet"
    places = pd.DataFrame({"model": ["b", "a"], "x": [2.0, 1.0], "y": 0.0})
    ellipse = dict.fromkeys(("ellipse_width", "ellipse_height", "ellipse_angle_degrees"), np.nan)
    write_table(places.assign(x_papers=0.0, y_papers=0.0, **ellipse), MAP, path)
    assert read_models(path, MAP, ["a", "b"])["x"].tolist() == [1.0, 2.0]
    for models in (["a"], ["a", "b", "c"], ["a", "c"]):
        with pytest.raises(UserError, match=r"map\.parquet and matrix\.parquet are of different"):
            read_models(path, MAP, models)
