"""Damage in DVC's cache: found, taken out with its copies, and mended by the next pull."""

import json
import sys
from pathlib import Path

import pytest
import yaml
from helpers.shared_project import Owner

from modelmap.plumbing import cache
from modelmap.plumbing.cache import checked_out, damaged_objects, md5
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout


def put(objects: Path, content: bytes, ending: str = "") -> str:
    """Store an object under its name and return the name."""
    (objects / "new").write_bytes(content)
    name = md5(objects / "new")
    (objects / name[:2]).mkdir(exist_ok=True)
    (objects / "new").rename(objects / name[:2] / (name[2:] + ending))
    return name + ending


@pytest.fixture
def objects(tmp_path: Path) -> Path:
    """Return an empty cache in a project without stages."""
    (tmp_path / "objects").mkdir()
    return tmp_path / "objects"


def test_objects_that_are_not_what_their_name_says_are_damaged(objects: Path) -> None:
    """Whole objects and unfinished downloads are passed over."""
    whole, broken = put(objects, b"whole"), put(objects, b"broken", ".dir")
    (objects / broken[:2] / broken[2:]).write_bytes(b"brok")
    (objects / whole[:2] / f"{whole[2:]}.1a2b.tmp").write_bytes(b"half")
    assert damaged_objects(objects) == {broken: "1196de2a1f0288cbab0f480c0f9ab4a4"}


def test_checked_out_files_are_those_of_the_lock_and_of_pointers(
    objects: Path, tmp_path: Path
) -> None:
    """Single files, files of directories, and what `dvc add` tracks; uncommitted ones have none."""
    listing = put(objects, json.dumps([{"md5": "1" * 32, "relpath": "a/b"}]).encode(), ".dir")
    outs = [{"path": "data/x", "md5": "0" * 32}, {"path": "data/zoo", "md5": listing}]
    (tmp_path / "dvc.lock").write_text(yaml.safe_dump({"stages": {"one": {"outs": outs}}}))
    (tmp_path / "data/raw").mkdir(parents=True)
    pointer = {"outs": [{"path": "own.jsonl", "md5": "2" * 32}]}
    (tmp_path / "data/raw/own.jsonl.dvc").write_text(yaml.safe_dump(pointer))
    found = {
        path.relative_to(tmp_path).as_posix(): name for path, name in checked_out(tmp_path, objects)
    }
    assert found == {
        "data/x": "0" * 32,
        "data/zoo/a/b": "1" * 32,
        "data/raw/own.jsonl": "2" * 32,
    }


def test_outside_a_dvc_project_there_is_no_cache(tmp_path: Path) -> None:
    """The message names the folder."""
    with pytest.raises(UserError, match=f"{tmp_path.name} is not a DVC project"):
        cache.run(Layout(tmp_path))


def test_damage_is_told_and_the_next_pull_mends_it(owner: Owner) -> None:
    """The object and its copy go, a file changed since stays, and `dvc pull` brings both back."""
    layout = Layout(owner.root)
    content, junk = layout.map.read_bytes(), b"junk"
    for path in (layout.map, layout.kl):
        name = md5(path)
        kept = owner.root / ".dvc/cache/files/md5" / name[:2] / name[2:]
        kept.chmod(0o644)
        kept.write_bytes(junk)
        kept.chmod(0o444)
    layout.map.unlink()
    layout.map.write_bytes(junk)
    output = owner.run(sys.executable, "-m", "modelmap", "cache").stdout
    assert "moved damaged objects to" in output
    assert "removed the copies data/map.parquet; `dvc pull`" in output
    assert layout.kl.is_file()
    owner.dvc("pull", "data/map.parquet", "data/kl.parquet")
    assert layout.map.read_bytes() == content
    again = owner.run(sys.executable, "-m", "modelmap", "cache").stdout
    assert again == "cache: no object is damaged\n"


def test_an_edited_file_that_is_its_own_object_is_kept_aside(owner: Owner) -> None:
    """Under hard links an edit damages the object: its only copy is moved, not deleted."""
    layout = Layout(owner.root)
    name = md5(layout.map)
    stored = owner.root / ".dvc/cache/files/md5" / name[:2] / name[2:]
    layout.map.unlink()
    layout.map.hardlink_to(stored)
    stored.chmod(0o644)
    layout.map.write_bytes(b"an afternoon's work")
    owner.run(sys.executable, "-m", "modelmap", "cache")
    aside = owner.root / ".dvc/cache/damaged" / name
    assert aside.read_bytes() == b"an afternoon's work"
    assert not stored.exists()


def test_a_lock_file_that_was_cut_short_is_removed(owner: Owner) -> None:
    """DVC refuses every command while its file of locks is no JSON; a whole one stays."""
    lock = owner.root / ".dvc" / "tmp" / "rwlock"
    lock.parent.mkdir(exist_ok=True)
    lock.write_text("{}")
    owner.run(sys.executable, "-m", "modelmap", "cache")
    assert lock.exists()
    lock.write_text('{"/a": {"wri')
    output = owner.run(sys.executable, "-m", "modelmap", "cache").stdout
    assert "removed DVC's file of locks" in output
    assert not lock.exists()
