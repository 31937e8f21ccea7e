"""Texts of one's own: a JSONL file."""

import json
from pathlib import Path

import pytest

from modelmap.corpus.document import Document
from modelmap.corpus.jsonl import read_documents
from modelmap.plumbing.errors import UserError


def written(path: Path, *rows: object) -> Path:
    """Write one JSON value a line."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def told_by(path: Path) -> str:
    """Return the one line that reading a file ends with."""
    with pytest.raises(UserError) as caught:
        list(read_documents(path))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_line_of_text_alone_is_its_own_document(tmp_path: Path) -> None:
    """The category is the file's name, the id and the place are the line's number."""
    path = written(tmp_path / "mine.jsonl", {"text": "one"}, {"text": "two", "more": 3})
    assert list(read_documents(path)) == [
        Document("mine.jsonl#1", "mine.jsonl", "mine.jsonl", "", "#1", "one"),
        Document("mine.jsonl#2", "mine.jsonl", "mine.jsonl", "", "#2", "two"),
    ]


@pytest.mark.parametrize(
    ("row", "category", "document_id"),
    [
        ({"category": "c", "document_id": "d"}, "c", "d"),
        ({"pile_set_name": "Gutenberg (PG-19)", "pile_idx": 940294}, "Gutenberg (PG-19)", "940294"),
        ({"category": "c", "pile_set_name": "p", "document_id": 0, "pile_idx": 7}, "c", "0"),
        ({"category": "c", "document_id": -(10**400)}, "c", f"-1{'0' * 400}"),
        ({"category": None, "document_id": None}, "f.jsonl", "f.jsonl#1"),
        ({"category": None, "pile_set_name": "p", "document_id": None, "pile_idx": 7}, "p", "7"),
    ],
)
def test_category_and_document_are_the_lines_own_or_the_papers(
    tmp_path: Path, row: dict[str, object], category: str, document_id: str
) -> None:
    """Own keys come before the papers', and null is as if the key were not there."""
    (document,) = read_documents(written(tmp_path / "f.jsonl", {**row, "text": "t"}))
    assert (document.category, document.document_id) == (category, document_id)


@pytest.mark.parametrize("key", ["document_id", "pile_idx", "category", "pile_set_name"])
@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("NaN", "is not a text or number"),
        ("Infinity", "is not a text or number"),
        ("-Infinity", "is not a text or number"),
        ("1e999", "is not a text or number"),
        ('""', "is empty or has control characters"),
        ('" \\t"', "is empty or has control characters"),
        ('"a\\u0000"', "is empty or has control characters"),
        ('"\\u001b[2J"', "is empty or has control characters"),
        ('"a\\nb"', "is empty or has control characters"),
    ],
)
def test_an_id_or_category_that_names_nothing_is_told_by_its_line(
    tmp_path: Path, key: str, value: str, problem: str
) -> None:
    """Texts that share one would be taken for texts of one document, or of one category."""
    path = tmp_path / "f.jsonl"
    path.write_text(f'{{"text": "a"}}\n{{"text": "b", "{key}": {value}}}\n')
    assert told_by(path).startswith(f"f.jsonl: line 2 has a {key} that {problem};")


def test_a_file_whose_name_has_control_characters_is_told(tmp_path: Path) -> None:
    """Its name would become the category of its texts."""
    path = written(tmp_path / "a\x1b[2J.jsonl", {"text": "one"})
    assert told_by(path) == "a\\x1b[2J.jsonl has control characters in its name: rename the file"


def test_any_character_of_a_text_comes_back(tmp_path: Path) -> None:
    """Escaped and plain Unicode, line separators and carriage returns stay inside their text."""
    text = 'é東🚀\u2028\u2029\x85\r\n\t"\\ \x00'
    path = tmp_path / "f.jsonl"
    lines = [json.dumps({"text": text}, ensure_ascii=ascii_only) for ascii_only in (True, False)]
    path.write_bytes("\n".join(lines).encode())
    assert [document.text for document in read_documents(path)] == [text, text]


def test_all_bad_lines_are_listed(tmp_path: Path) -> None:
    """Each line that is no object with a text is told by its number and what is wrong."""
    path = tmp_path / "f.jsonl"
    lines = [b'{"text": "good"}', b"{torn", b"[1]", b'{"text": 3}', b'{"txt": "x"}', b'"text"']
    path.write_bytes(b"\n".join(lines))
    told = told_by(path)
    assert told.startswith(
        "f.jsonl: line 2 is not JSON in UTF-8, line 3 has no text, line 4 has no text, "
    )
    assert "line 5 has no text, line 6 has no text;" in told


def test_many_bad_lines_are_counted(tmp_path: Path) -> None:
    """The first five are named, the others counted."""
    path = tmp_path / "f.jsonl"
    path.write_text("{}\n" * 12)
    assert "line 5 has no text and 7 more;" in told_by(path)


def test_a_line_that_is_not_utf_8_is_listed(tmp_path: Path) -> None:
    """Latin-1 on one line is told by that line's number."""
    path = tmp_path / "f.jsonl"
    path.write_bytes(b'{"text": "fine"}\n' + '{"text": "café"}\n'.encode("latin-1"))
    assert "f.jsonl: line 2 is not" in told_by(path)


def test_a_text_that_no_utf_8_can_hold_is_listed(tmp_path: Path) -> None:
    """Half a surrogate pair, as text cut by UTF-16 units has, is found when it is read."""
    path = tmp_path / "f.jsonl"
    path.write_text('{"text": "fine"}\n{"text": "cut \\ud83d"}\n{"text": "\\ud83d\\ude80"}\n')
    told = told_by(path)
    assert "line 2" in told
    assert "line 3" not in told


def test_a_missing_file_is_told_with_where_it_belongs(tmp_path: Path) -> None:
    """The message names the place in the project, not this machine's path."""
    told = told_by(tmp_path / "gone.jsonl")
    assert "data/raw/gone.jsonl" in told
    assert str(tmp_path) not in told


def test_a_directory_in_the_files_place_is_told(tmp_path: Path) -> None:
    """A directory is no file of texts."""
    assert "no texts at" in told_by(tmp_path)


def test_an_empty_file_has_no_documents(tmp_path: Path) -> None:
    """What then is wrong is told where texts are cut, with their least size."""
    assert list(read_documents(written(tmp_path / "f.jsonl"))) == []
