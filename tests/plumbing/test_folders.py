"""A folder is replaced as a whole, and what killed processes leave is removed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from modelmap.__main__ import main
from modelmap.plumbing.folders import remove_leftovers, replaced, temporary_prefix


def ended_process() -> int:
    """Return the id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_folder_is_replaced_if_the_block_succeeds_and_kept_if_it_fails(tmp_path: Path) -> None:
    """Nothing else is left beside it."""
    folder = tmp_path / "zoo"
    with replaced(folder) as fresh:
        (fresh / "a").touch()
    with pytest.raises(FileNotFoundError), replaced(folder) as fresh:
        (fresh / "no folder" / "b").touch()
    assert [path.name for path in folder.iterdir()] == ["a"]
    assert list(tmp_path.iterdir()) == [folder]


def test_leftovers_of_ended_processes_are_removed_and_no_other_file(tmp_path: Path) -> None:
    """Files and folders of processes that have ended, and of versions that named none."""
    ended = ended_process()
    gone = [f".texts.parquet.{ended}-abc_1x.part", ".kl.parquet.q2w3e4.part", f".zoo.{ended}-x.old"]
    kept = [f"{temporary_prefix(tmp_path / 'map.parquet')}abc.part", "mine.part", ".hidden"]
    for name in [*gone[:2], *kept]:
        (tmp_path / name).touch()
    (tmp_path / gone[2]).mkdir()
    (tmp_path / gone[2] / "model").touch()
    remove_leftovers([tmp_path, tmp_path / "absent"])
    assert {path.name for path in tmp_path.iterdir()} == set(kept)


def test_hidden_files_of_the_user_are_kept(tmp_path: Path) -> None:
    """Names that end in .old or .part, of folders too, but are not those of temporary files."""
    files = [".env.old", ".notes.part", ".env.123.old", ".a.json.part", f".x.{ended_process()}.old"]
    for name in files:
        (tmp_path / name).touch()
    (tmp_path / ".venv.old").mkdir()
    (tmp_path / ".kl.parquet.folder.part").mkdir()
    remove_leftovers([tmp_path])
    kept = {path.name for path in tmp_path.iterdir()}
    assert kept == {*files, ".venv.old", ".kl.parquet.folder.part"}


def test_every_command_removes_leftovers_of_the_project(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also in conf, where one would change a dependency of the stage resolve."""
    left = [
        tmp_path / folder / f".x.{ended_process()}-abc.part"
        for folder in ("", "conf", "data", "reports", "reports/plots")
    ]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert main(["--root", str(tmp_path), "run", "texts"]) == 1
    assert "resolved.yaml is missing" in capsys.readouterr().err
    assert not any(path.exists() for path in left)


def test_the_name_of_a_temporary_file_has_the_id_of_its_process(tmp_path: Path) -> None:
    """By which others see whether it is being written."""
    assert temporary_prefix(tmp_path / "a.json") == f".a.json.{os.getpid()}-"
