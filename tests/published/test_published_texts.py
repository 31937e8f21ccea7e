"""The authors' texts become the texts table, or are refused in one line."""

from pathlib import Path
from typing import Any

import pytest
from helpers.published_files import N_TEXTS, made_up_lines, write_lines

from modelmap.plumbing.errors import UserError
from modelmap.plumbing.tables import check_table
from modelmap.published.texts import read_texts
from modelmap.texts.tables import TEXTS


def told_by(folder: Path, lines: list[dict[str, Any]]) -> str:
    """Return the one line that a file is refused with."""
    with pytest.raises(UserError) as caught:
        read_texts(write_lines(folder / "t.jsonl", lines))
    return str(caught.value)


def test_lines_in_any_order_become_the_table_in_the_order_of_index(tmp_path: Path) -> None:
    """Documents are the Pile's, categories its parts, bytes are counted in UTF-8."""
    lines = made_up_lines()
    texts = read_texts(write_lines(tmp_path / "t.jsonl", lines[::-1]))
    check_table(texts, TEXTS, "t")
    assert texts["text_id"].tolist() == list(range(N_TEXTS))
    assert texts["text"].tolist() == [line["text"] for line in lines]
    assert texts["category"].tolist() == [line["pile_set_name"] for line in lines]
    assert texts["document_id"].tolist() == [str(line["pile_idx"]) for line in lines]
    assert texts["chunk_index"].tolist() == [line["chunk_idx"] for line in lines]
    assert texts["n_bytes"].tolist() == [len(line["text"].encode()) for line in lines]
    assert texts["source"].unique().tolist() == ["t.jsonl"]
    assert texts["source_path"].iloc[0] == f"#{N_TEXTS}"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"index": "3"}, "line 4 index: Input should be a valid integer"),
        ({"index": True}, "line 4 index: Input should be a valid integer"),
        ({"chunk_idx": -1}, "line 4 chunk_idx: Input should be greater than or equal to 0"),
        ({"pile_idx": 1.5}, "line 4 pile_idx: Input should be a valid integer"),
        ({"text": None}, "line 4 text: Input should be a valid string"),
        ({"text": ""}, "line 4 text: String should have at least 1 character"),
        ({"pile_set_name": "a\0b"}, "line 4 pile_set_name: Value error, must be text on one line"),
        ({"pile_set_name": ""}, "line 4 pile_set_name: Value error, must be text on one line"),
        ({"index": -(10**400)}, "line 4 index: Input should be greater than or equal to 0"),
        ({"note": 1}, "line 4 note: Extra inputs are not permitted"),
    ],
)
def test_wrong_types_and_unknown_keys_are_told_by_line(
    tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    """Nothing is converted, nothing is passed over."""
    lines = made_up_lines()
    lines[3] |= change
    message = told_by(tmp_path, lines)
    assert message.startswith(f"t.jsonl: {told}")
    assert message.endswith("; correct or remove these lines")


def test_all_wrong_lines_are_listed(tmp_path: Path) -> None:
    """Missing keys, bytes that are no UTF-8 and half a surrogate pair among them."""
    path = write_lines(tmp_path / "t.jsonl", made_up_lines()[:1])
    rest = '{"index": 1, "pile_idx": 1, "chunk_idx": 1, "pile_set_name": "a", "text": '
    path.write_bytes(
        path.read_bytes()
        + b"{}\n\xff\n"
        + (rest + '"\\ud800"}\n').encode()
        + (rest + '"fine"}\n').encode()
    )
    with pytest.raises(UserError) as caught:
        read_texts(path)
    told = str(caught.value)
    assert "line 2 index: Field required" in told
    assert "line 3 is not JSON" in told
    assert "line 4 is not JSON" in told
    assert "line 5" not in told


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"index": 1e30}', "index"),
        ('{"index": 1' + "0" * 30 + "}", "index"),
        ('{"index": 1, "index": 2}', "has the key index twice"),
    ],
)
def test_numbers_beyond_arrays_and_doubled_keys_are_told(
    tmp_path: Path, line: str, told: str
) -> None:
    """Neither reaches an array, where it would overflow or silently win."""
    path = tmp_path / "t.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(UserError, match=rf"^t\.jsonl: line 1 {told}"):
        read_texts(path)


def test_indices_that_are_not_0_to_n_are_listed(tmp_path: Path) -> None:
    """Doubled ones and missing ones."""
    lines = made_up_lines()
    lines[5]["index"] = 4
    assert told_by(tmp_path, lines) == (
        "t.jsonl: index must have each value from 0 to 11 once; repeated: 4; missing: 5"
    )
    lines[5]["index"] = 12
    assert told_by(tmp_path, lines) == (
        "t.jsonl: index must have each value from 0 to 11 once; repeated: none; missing: 5"
    )


@pytest.mark.parametrize("n_lines", [0, 1])
def test_fewer_than_two_texts_are_refused(tmp_path: Path, n_lines: int) -> None:
    """No distance can be taken."""
    told = told_by(tmp_path, made_up_lines()[:n_lines])
    assert told == f"t.jsonl has {n_lines} texts: a map needs at least 2"
