"""A user's texts and scores are read, or told in one line by their file and place."""

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.damage import ODD_VALUES, check_line, damaged, fuzzed, read_or_refused, with_odd_values
from hypothesis import given
from hypothesis import strategies as st

from modelmap.corpus.jsonl import MAX_BAD_LINES, read_documents
from modelmap.corpus.settings import CorpusSettings
from modelmap.plumbing.errors import UserError
from modelmap.predict.scores import read_scores

ROWS = [
    {"text": "one", "category": "a", "document_id": 1},
    {"text": "two é東", "pile_set_name": "b", "pile_idx": 2, "more": {"deep": [1, None]}},
    {"text": "three"},
]
JSONL = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()
CSV = b"model,ARC,MMLU\na,50,25.5\nb,,0\norg/c,1e1,nan\n"
JSONL_TOLD = {
    "nested lists": (b"[" * 100_000, "line 1 is nested too deep"),
    "nested objects": (b'{"a":' * 100_000, "line 1 is nested too deep"),
    "a doubled key": (b'{"text": "a", "text": "b"}', "line 1 has the key text twice"),
    "a doubled key inside": (b'{"text": "a", "b": {"c": 1, "c": 2}}', "line 1 has the key c twice"),
    "a number of 5,000 digits": (b'{"text": "a", "n": %s}' % (b"9" * 5000), "line 1 is not JSON"),
    "a document that is a list": (b'{"text": "a", "document_id": [1]}', "line 1 has a document_id"),
    "a document that is yes": (b'{"text": "a", "pile_idx": true}', "line 1 has a pile_idx"),
    "a category that is an object": (b'{"text": "a", "category": {}}', "line 1 has a category"),
    "half a character": (b'{"text": "\\ud800"}', "line 1 is not JSON in UTF-8"),
    "half a character, raw": (b'{"text": "\xed\xa0\x80"}', "line 1 is not JSON in UTF-8"),
    "UTF-16": ('{"text": "a"}\n'.encode("utf-16"), "line 1 is not JSON in UTF-8"),
    "a zero byte": (b'{"text": "a"}\n\0\n', "line 2 is not JSON in UTF-8"),
    "an empty line": (b'{"text": "a"}\n\n{"text": "b"}\n', "line 2 is not JSON in UTF-8"),
}


@pytest.mark.parametrize("name", list(JSONL_TOLD))
def test_hostile_jsonl_is_told_by_its_line(tmp_path: Path, name: str) -> None:
    """Depths, doubled keys, other encodings, and values of other kinds."""
    content, message = JSONL_TOLD[name]
    path = tmp_path / "mine.jsonl"
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        list(read_documents(path))
    check_line(str(caught.value))
    assert f"mine.jsonl: {message}" in str(caught.value)


def test_a_line_of_50_megabytes_is_a_document_or_a_bad_line(tmp_path: Path) -> None:
    """However long, a line is read once."""
    path = tmp_path / "long.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"text": "' + b"x" * 50_000_000 + b'"}\n' + b"y" * 1_000_000)
    with pytest.raises(UserError) as caught:
        list(read_documents(path))
    assert "long.jsonl: line 2 is not JSON in UTF-8;" in str(caught.value)
    path.write_bytes(path.read_bytes()[:-1_000_000])
    (document,) = read_documents(path)
    assert len(document.text) == 50_000_000


def test_a_file_of_bad_lines_is_not_read_to_its_end(tmp_path: Path) -> None:
    """Such as a file of another kind, with a line end every few bytes."""
    path = tmp_path / "other.jsonl"
    path.write_bytes(b"\n" * 10_000_000)
    with pytest.raises(UserError) as caught:
        list(read_documents(path))
    assert (
        f"line 5 is not JSON in UTF-8 and {MAX_BAD_LINES - 5} more up to line {MAX_BAD_LINES};"
        in str(caught.value)
    )


@fuzzed(50)
@given(content=damaged(JSONL) | st.binary(max_size=64))
def test_damaged_jsonl_is_read_or_told(tmp_path: Path, content: bytes) -> None:
    """Any bytes give documents of text or one line."""
    path = tmp_path / "mine.jsonl"
    path.write_bytes(content)
    for document in read_or_refused(lambda: list(read_documents(path)), "mine.jsonl") or []:
        document.text.encode("utf-8")
        document.category.encode("utf-8")


@fuzzed(50)
@given(rows=st.lists(with_odd_values(ROWS) | ODD_VALUES, max_size=3))
def test_jsonl_of_odd_values_is_read_or_told(tmp_path: Path, rows: list[Any]) -> None:
    """Right JSON of other values in any place."""
    path = tmp_path / "mine.jsonl"
    flat = [row for part in rows for row in (part if isinstance(part, list) else [part])]
    path.write_text("".join(json.dumps(row) + "\n" for row in flat))
    found = read_or_refused(lambda: list(read_documents(path)), "mine.jsonl")
    assert found is None or len(found) == len(flat)


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../x.jsonl", "a/../../x.jsonl", "..", "a/..", "//x", "/"]
)
def test_a_path_out_of_data_raw_is_told(path: str) -> None:
    """Texts are read below data/raw alone, which DVC watches."""
    content = {"source": "jsonl", "path": path, "min_bytes": 1, "max_bytes": 9, "train_share": 0}
    with pytest.raises(ValueError, match="not inside data/raw"):
        CorpusSettings.model_validate(content)
    assert CorpusSettings.model_validate({**content, "path": "own/x..jsonl"}).path == "own/x..jsonl"


@pytest.mark.parametrize("name", ["\0", "x" * 300, "a\nb", "x" * 5000, "\ud800"])
def test_names_that_no_file_has_are_told(tmp_path: Path, name: str) -> None:
    """Zero bytes, line ends, halves of characters, and more than a name may have."""
    assert read_or_refused(lambda: list(read_documents(tmp_path / name))) is None
    assert read_or_refused(lambda: read_scores(tmp_path / f"{name}.csv")) is None


@fuzzed(50)
@given(content=damaged(CSV) | st.binary(max_size=64))
def test_damaged_scores_are_read_or_told(tmp_path: Path, content: bytes) -> None:
    """Any bytes give scores from 0 to 100, or one line."""
    path = tmp_path / "scores.csv"
    path.write_bytes(content)
    scores = read_or_refused(lambda: read_scores(path), "scores.csv")
    assert scores is None or (scores.isna() | ((scores >= 0) & (scores <= 100))).to_numpy().all()
    assert scores is None or (scores.index.is_unique and scores.columns.is_unique)


@pytest.mark.parametrize(
    "content",
    [
        b"model," + b"x" * 20_000_000 + b"\na,1\n",
        b"model" + b"," * 200_000 + b"\n",
        b"model,ARC\n" + b'"' * 1_000_001,
        b"model,ARC\n" + b"a\0b,1\n",
        b"model,ARC\na," + b"9" * 5000 + b"\n",
        "model,ARC\na,1\n".encode("utf-16"),
        b"model,ARC\n=cmd|' /C calc'!A0,1e999\n",
    ],
    ids=["a long name", "many columns", "quotes", "zero", "digits", "UTF-16", "a formula"],
)
def test_hostile_csv_is_read_or_told(tmp_path: Path, content: bytes) -> None:
    """Long names, many columns, quotes without end, and numbers beyond all."""
    path = tmp_path / "scores.csv"
    path.write_bytes(content)
    read_or_refused(lambda: read_scores(path), "scores.csv")
