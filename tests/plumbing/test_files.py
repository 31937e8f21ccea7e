"""Small files are whole or not there, and wrong ones are told by name and line."""

import errno
import json
import math
import os
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, ConfigDict

from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import (
    checked,
    exists,
    parse_yaml,
    read_yaml,
    write_atomically,
    write_json,
    write_text,
)


def names(folder: Path) -> list[str]:
    """Return what lies in a folder, hidden files too."""
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt(), ValueError("bad")])
def test_a_writer_that_fails_leaves_the_earlier_file_and_nothing_else(
    tmp_path: Path, error: BaseException
) -> None:
    """Half a new file never stands in the old one's place, nor beside it."""
    path = tmp_path / "a.txt"
    write_text(path, "earlier")

    def half(part: Path) -> None:
        part.write_text("lat")
        raise error

    with pytest.raises(type(error)):
        write_atomically(path, half)
    assert path.read_text() == "earlier"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("kind", ["folder", "pipe", "device"])
def test_what_is_no_file_is_not_replaced(tmp_path: Path, kind: str) -> None:
    """A folder, a pipe or a device such as /dev/null is told by name, and stays what it is."""
    path = tmp_path / "a.txt"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(os.devnull)
    with pytest.raises(UserError, match=r"a\.txt is not a file"):
        write_text(path, "text")
    assert not path.is_file()
    assert names(tmp_path) == ["a.txt"]


def test_a_writer_that_fails_first_leaves_no_file(tmp_path: Path) -> None:
    """Where nothing was, nothing is."""

    def fail(part: Path) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_atomically(tmp_path / "a.txt", fail)
    assert names(tmp_path) == []


def test_the_file_is_the_earlier_one_until_the_new_one_is_whole(tmp_path: Path) -> None:
    """While it writes, a reader of the path sees the earlier file; afterwards the new one."""
    path = tmp_path / "a.txt"
    write_text(path, "earlier")
    seen = []

    def write(part: Path) -> None:
        part.write_text("later")
        seen.append(path.read_text())
        assert part.parent == path.parent

    write_atomically(path, write)
    assert seen == ["earlier"]
    assert path.read_text() == "later"
    assert names(tmp_path) == ["a.txt"]


def test_missing_folders_are_made_and_others_may_read_the_file(tmp_path: Path) -> None:
    """A temporary file is private; what it becomes is not."""
    path = tmp_path / "new" / "folder" / "a.txt"
    write_text(path, "é\n")
    assert path.read_bytes() == "é\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_json_is_indented_utf_8_in_the_order_given(tmp_path: Path) -> None:
    """Keys stay in their order, characters are not escaped, and the last line ends."""
    write_json(tmp_path / "a.json", {"b": 1, "a": {"é": [0.1, None, True]}})
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert text.startswith('{\n  "b": 1,\n  "a": {\n    "é": [')
    assert text.endswith("}\n")
    assert json.loads(text) == {"b": 1, "a": {"é": [0.1, None, True]}}


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_json_without_a_number_in_it_is_refused(tmp_path: Path, number: float) -> None:
    """NaN and infinity are no JSON: the earlier file stays."""
    path = tmp_path / "a.json"
    write_json(path, {"a": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, {"a": {"deep": [number]}})
    assert json.loads(path.read_text()) == {"a": 1}
    assert names(tmp_path) == ["a.json"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a: 1\nb: [1\nc: 2\n", "conf.yaml line 3 is not valid YAML"),
        (b"a: 1\n\tb: 2\n", "conf.yaml line 2 is not valid YAML"),
        (b"a: b: c\n", "conf.yaml line 1 is not valid YAML: mapping values are not allowed"),
        (b"a: !!python/object/apply:os.getcwd []\n", "conf.yaml line 1 is not valid YAML"),
        (b"a: \xff\n", "conf.yaml is not valid YAML: not UTF-8 text"),
        (b"- a\n- b\n", "conf.yaml must hold keys and values, not list"),
        (b"word\n", "conf.yaml must hold keys and values, not str"),
    ],
)
def test_wrong_yaml_is_told_by_file_and_line(tmp_path: Path, content: bytes, told: str) -> None:
    """One line says which file, where in it, and what is wrong."""
    (tmp_path / "conf.yaml").write_bytes(content)
    with pytest.raises(UserError) as caught:
        read_yaml(tmp_path / "conf.yaml")
    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)


def test_a_path_that_may_not_be_looked_at_is_not_told_to_be_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A folder without permission may have the file; a name that is too long has none."""

    def refuse(path: Path) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    assert not exists(Path("x" * 300))
    assert not exists(Path("a\0b"))
    monkeypatch.setattr(Path, "exists", refuse)
    with pytest.raises(PermissionError):
        exists(Path("a"))


def test_too_little_memory_is_not_told_as_wrong_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor as anything that is wrong with a file."""

    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(yaml, "load", fail)
    with pytest.raises(MemoryError):
        parse_yaml(b"a: 1", "a.yaml")


def test_a_missing_yaml_file_is_told_with_how_to_restore_it(tmp_path: Path) -> None:
    """The file's name is in the message, this machine's path is not."""
    with pytest.raises(UserError, match=r"gone\.yaml is missing: .*git checkout") as caught:
        read_yaml(tmp_path / "gone.yaml")
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("content", ["", "# nothing yet\n", "---\n"])
def test_yaml_of_nothing_is_no_keys(tmp_path: Path, content: str) -> None:
    """An empty file, or one of comments, is an empty mapping."""
    (tmp_path / "a.yaml").write_text(content)
    assert read_yaml(tmp_path / "a.yaml") == {}


def test_right_yaml_is_its_mapping(tmp_path: Path) -> None:
    """Plain YAML comes back as plain Python."""
    (tmp_path / "a.yaml").write_text("a: 1\nb: {c: [x, null, 4.0e-3]}\n")
    assert read_yaml(tmp_path / "a.yaml") == {"a": 1, "b": {"c": ["x", None, 0.004]}}


class Inner(BaseModel):
    """A section inside a section."""

    model_config = ConfigDict(extra="forbid")

    size: int


class Outer(BaseModel):
    """A section."""

    model_config = ConfigDict(extra="forbid")

    inner: Inner
    items: list[Inner] = []


def test_content_that_fits_comes_back_as_its_schema() -> None:
    """What is right is returned, with defaults."""
    assert checked(Outer, {"inner": {"size": 3}}, "here") == Outer(inner=Inner(size=3))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"inner": {"size": "x"}}, ["inner.size: "]),
        ({}, ["inner: Field required"]),
        ({"inner": {"size": 1, "sise": 2}}, ["inner.sise: Extra"]),
        (
            {"inner": {"sise": 2}, "items": [{"size": 1}, {"size": None}], "more": 1},
            ["inner.size: Field required", "inner.sise: ", "items.1.size: ", "more: Extra"],
        ),
        (None, ["value: "]),
        ([1], ["value: "]),
    ],
)
def test_every_wrong_key_is_told_with_its_place(content: Any, told: list[str]) -> None:
    """All problems stand in one line after the name of where they are."""
    with pytest.raises(UserError) as caught:
        checked(Outer, content, "conf/x.yaml")
    assert str(caught.value).startswith("conf/x.yaml: ")
    assert "\n" not in str(caught.value)
    for part in told:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("items", "told"),
    [
        ([], ""),
        (["a"], "a"),
        ([1, 2, 3, 4, 5], "1, 2, 3, 4, 5"),
        ([1, 2, 3, 4, 5, 6], "1, 2, 3, 4, 5 and 1 more"),
        (list("abcdefghij"), "a, b, c, d, e and 5 more"),
    ],
)
def test_long_lists_are_counted_after_the_fifth(items: list[object], told: str) -> None:
    """A message names five and counts the rest."""
    assert listed(items) == told
