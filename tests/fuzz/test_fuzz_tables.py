"""Tables from outside are right, or told in one line by their file."""

import io
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers.damage import ODD_VALUES, check_line, damaged, fuzzed, read_or_refused
from helpers.tables import score_table
from hypothesis import given
from hypothesis import strategies as st

from modelmap.map.tables import MAP
from modelmap.matrix.file import LogLikelihoods, read_matrix, write_matrix
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.tables import MAX_CELLS, read_csv, read_parquet, read_table, write_table
from modelmap.score.identity import Identity
from modelmap.score.store import has_scores, read_scores, recorded, write_scores
from modelmap.texts.tables import TEXTS

IDENTITY = Identity("files", "r", "t", "own", "float32", None, "sdpa", None, "texts", 1)


def right_files(folder: Path) -> dict[str, bytes]:
    """Write one right file of each kind and return their bytes."""
    n_texts = 5
    texts = pd.DataFrame(
        {
            "text_id": range(n_texts),
            "text": [f"text {i} é東" for i in range(n_texts)],
            "category": "c",
            "source": "s",
            "source_version": "",
            "source_path": "p",
            "document_id": list("aabbc"),
            "chunk_index": [0, 1, 0, 1, 0],
            "n_bytes": 12,
        }
    )
    scores = score_table(texts["text"].tolist(), -np.arange(1.0, n_texts + 1))
    matrix = LogLikelihoods(np.arange(10.0).reshape(2, 5) - 20, ["a", "b"], -19.0, 12.0, "texts")
    write_table(texts, TEXTS, folder / "texts.parquet")
    write_scores(scores, folder / "scores.parquet", IDENTITY, {"n_params": 9, "added_bos": True})
    write_matrix(matrix, folder / "matrix.parquet")
    return {path.name: path.read_bytes() for path in folder.glob("*.parquet")}


READERS: dict[str, Callable[[Path], Any]] = {
    "texts.parquet": lambda path: read_table(path, TEXTS),
    "scores.parquet": lambda path: recorded(read_scores(path)[1], path.name),
    "matrix.parquet": read_matrix,
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the bytes of one right file of each kind."""
    return right_files(tmp_path_factory.mktemp("right"))


@pytest.mark.parametrize("name", list(READERS))
def test_right_files_are_read(tmp_path: Path, files: dict[str, bytes], name: str) -> None:
    """What is damaged below is right before."""
    (tmp_path / name).write_bytes(files[name])
    assert READERS[name](tmp_path / name) is not None


@fuzzed(50)
@given(data=st.data())
def test_a_damaged_parquet_file_is_read_or_told(
    tmp_path: Path, files: dict[str, bytes], data: st.DataObject
) -> None:
    """Bytes changed, cut and put in anywhere, pages and footer alike."""
    name = data.draw(st.sampled_from(list(READERS)))
    path = tmp_path / name
    path.write_bytes(data.draw(damaged(files[name])))
    read_or_refused(lambda: READERS[name](path), name)
    assert has_scores(path, "no such fingerprint") is False


NESTED = pa.array([[1], [2, 3], [], [4], [5]])
COLUMNS: dict[str, pa.Array] = {
    "text": pa.array(list("abcde")),
    "text with holes": pa.array(["a", None, "c", "d", "e"]),
    "whole numbers": pa.array(range(5)),
    "small numbers": pa.array(range(5), pa.int8()),
    "large numbers": pa.array([2**63 + i for i in range(5)], pa.uint64()),
    "numbers": pa.array([0.5, float("nan"), float("inf"), -1.0, 0.0]),
    "half numbers": pa.array(np.arange(5, dtype=np.float16)),
    "decimals": pa.array(range(5)).cast(pa.decimal128(20, 1)),
    "yes and no": pa.array([True] * 5),
    "nothing": pa.nulls(5),
    "bytes": pa.array([b"\xff"] * 5),
    "times": pa.array(range(5), pa.timestamp("ns")),
    "days": pa.array([0, -(2**31), 2**31 - 1, 1, 2], pa.int32()).cast(pa.date32()),
    "spans": pa.array(range(5), pa.duration("ns")),
    "kinds": pa.array(list("ababa")).dictionary_encode(),
    "lists": NESTED,
    "lists of lists": pa.array([[[1]], [], [[2]], [], []]),
    "maps": pa.array([[("a", 1)]] * 5, pa.map_(pa.string(), pa.int64())),
    "records": pa.array([{"a": [1], "b": "x"}] * 5),
}
METADATA = [
    "clip_threshold",
    "mean_bytes",
    "n_texts",
    "text_set",
    "digest",
    "facts",
    "identity",
    "pandas",
]


@fuzzed(50)
@given(data=st.data())
def test_a_table_of_other_columns_is_read_or_told(
    tmp_path: Path, files: dict[str, bytes], data: st.DataObject
) -> None:
    """Columns of any type, lost, doubled, added and in another order; no rows; odd metadata."""
    name = data.draw(st.sampled_from(list(READERS)))
    table = pq.read_table(io.BytesIO(files[name]))
    metadata = dict(table.schema.metadata)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, table.num_columns - 1))
        way = data.draw(st.sampled_from(["other", "lose", "double", "add", "empty", "metadata"]))
        if way == "other":
            kind = data.draw(st.sampled_from(list(COLUMNS)))
            column = COLUMNS[kind][: table.num_rows]
            table = table.set_column(place, table.schema.names[place], column)
        elif way == "lose" and table.num_columns > 1:
            table = table.remove_column(place)
        elif way == "double":
            table = table.append_column(table.schema.names[place], table.column(place))
        elif way == "add":
            table = table.add_column(place, data.draw(st.text(max_size=4)), table.column(place))
        elif way == "empty":
            table = table.slice(0, 0)
        else:
            value = data.draw(st.binary(max_size=8) | ODD_VALUES.map(as_json))
            metadata[data.draw(st.sampled_from(METADATA)).encode()] = value
    path = tmp_path / name
    pq.write_table(table.replace_schema_metadata(metadata), path)
    read_or_refused(lambda: READERS[name](path), name)


def as_json(value: object) -> bytes:
    """Return a value as JSON, NaN and all."""
    return json.dumps(value).encode()


def test_a_small_file_of_endless_rows_is_told(tmp_path: Path) -> None:
    """A kilobyte may say a billion times the same: it is not brought into memory."""
    path = tmp_path / "map.parquet"
    once = pa.repeat(1.0, 2**20)
    schema = pa.schema({"x": pa.float64()})
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for _ in range(MAX_CELLS // 2**20 + 1):
            writer.write_table(pa.table({"x": once}))
    assert path.stat().st_size < 2**20
    with pytest.raises(UserError, match=r"map\.parquet .*more than") as caught:
        read_parquet(path)
    check_line(str(caught.value))


def test_a_directory_and_a_link_to_nowhere_are_told(tmp_path: Path) -> None:
    """In a table's place."""
    for name in ("texts.parquet", "plan.csv"):
        (tmp_path / name).mkdir()
    (tmp_path / "scores.parquet").symlink_to(tmp_path / "nowhere")
    for name in ("texts.parquet", "scores.parquet"):
        assert read_or_refused(partial(READERS[name], tmp_path / name), name) is None
    assert read_or_refused(lambda: read_csv(tmp_path / "plan.csv", MAP), "plan.csv") is None


@fuzzed(40)
@given(content=damaged(b"model,x,y\na,1.5,-2\nb,0,3e-4\n") | st.binary(max_size=64))
def test_a_damaged_csv_table_is_read_or_told(tmp_path: Path, content: bytes) -> None:
    """A table as the project writes it, with bytes changed, cut and put in."""
    path = tmp_path / "map.csv"
    path.write_bytes(content)
    read_or_refused(lambda: read_csv(path, MAP), "map.csv")
