"""The command line: one line for every failure."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest

import modelmap.__main__
import modelmap.texts.stage
from modelmap.__main__ import error_line, main
from modelmap.plumbing.arguments import STAGES, STUDIES
from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.layout import Layout


def raising(error: Exception) -> object:
    """Return a stage that fails with `error`."""

    def run(layout: Layout) -> None:
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (UserError("model x is not there; do y"), "model x is not there; do y"),
        (
            OSError(errno.ENOSPC, "No space left on device", "/a/b/texts.parquet"),
            "the disk is full (texts.parquet)",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "/a/b/texts.parquet"),
            "run texts: texts.parquet: Permission denied; check the permissions of the file and ",
        ),
        (
            OSError(errno.EROFS, "Read-only file system", "/a/data/.map.parquet.x1.part"),
            "run texts: data: Read-only file system; check the permissions of the file and ",
        ),
        (
            NotADirectoryError(errno.ENOTDIR, "Not a directory", "/a/data/scores/x"),
            "run texts: x: Not a directory",
        ),
        (MemoryError(), "run texts: memory ran out: end other programs, or use a machine with"),
        (RuntimeError("two\nlines"), "unexpected RuntimeError: two lines"),
    ],
)
def test_every_failure_is_one_line_and_a_non_zero_exit(
    error: Exception,
    part: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A user's mistake, a full disk and an unforeseen error look alike: one line, status 1."""
    monkeypatch.setattr(modelmap.texts.stage, "run", raising(error))
    assert main(["--root", str(tmp_path), "run", "texts"]) == 1
    shown = capsys.readouterr().err
    assert part in shown
    assert shown.count("\n") == 1


def test_a_folder_inside_a_project_is_not_taken_for_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is read, written or removed there, and the line says where to run the command."""
    for name in ("dvc.yaml", "params.yaml"):
        (tmp_path / name).touch()
    folder = tmp_path / "data" / "raw"
    folder.mkdir(parents=True)
    left = folder / ".texts.parquet.abc.part"
    left.touch()
    monkeypatch.chdir(folder)
    for command in (["export"], ["guard"], ["run", "texts"], ["pin", "a/b"]):
        assert main(command) == 1
        told = capsys.readouterr().err
        assert f"raw is not the folder of the project, which is {tmp_path.name}: " in told
        assert "cd ../.. first, or use --root" in told
    assert [path.name for path in folder.iterdir()] == [left.name]
    assert main(["--root", "absent", "guard"]) == 1
    assert capsys.readouterr().err == "modelmap guard: no such folder: absent\n"


def test_a_traceback_is_shown_only_on_demand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--debug shows where it happened, before the line."""
    assert main(["--root", str(tmp_path), "--debug", "run", "texts"]) == 1
    assert "Traceback" in capsys.readouterr().err
    assert main(["--root", str(tmp_path), "run", "texts"]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_the_way_back_is_named_only_under_dvc(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """DVC removes outputs before it runs a stage; outside it nothing was lost."""
    main(["--root", str(tmp_path), "run", "texts"])
    assert "dvc checkout" not in capsys.readouterr().err
    monkeypatch.setenv("DVC_STAGE", "texts")
    main(["--root", str(tmp_path), "run", "texts"])
    assert "`dvc checkout` and `git checkout -- reports`" in capsys.readouterr().err


def test_a_full_disk_leaves_the_earlier_file(tmp_path: Path) -> None:
    """A write that fails half-way leaves what was there, and no fragment."""
    from modelmap.plumbing.files import write_atomically

    target = tmp_path / "kept.txt"
    target.write_text("earlier")

    def fill(part: Path) -> None:
        part.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_atomically(target, fill)
    assert target.read_text() == "earlier"
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]


@pytest.mark.parametrize(
    ("folder", "name"),
    [(".", stage) for stage in STAGES] + [("studies", study) for study in STUDIES],
)
def test_every_stage_and_study_is_a_package_of_its_name(folder: str, name: str) -> None:
    """A new contributor finds the code of a stage, or of a study, by its name."""
    package = Path(modelmap.__main__.__file__).parent / folder / name
    assert (package / "stage.py").is_file()


def test_importing_the_package_and_its_stages_imports_no_torch() -> None:
    """Only making and scoring models needs torch, and only when they run."""
    names = ", ".join(f"modelmap.{stage}.stage" for stage in STAGES)
    check = f"import sys, modelmap.__main__, {names}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", check], check=True)


def test_long_lists_are_cut_and_counted() -> None:
    """The first five names, then how many more."""
    assert listed("abcdefg") == "a, b, c, d, e and 2 more"
    assert listed("ab") == "a, b"


def test_an_error_without_words_is_still_told() -> None:
    """The kind of the error is always in the line."""
    assert "ZeroDivisionError" in error_line(ZeroDivisionError())
