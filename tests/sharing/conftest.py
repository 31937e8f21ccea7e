"""One finished project for all tests of sharing, and clones of it."""

import fcntl
import os
import shutil
from pathlib import Path

import pytest
from helpers.shared_project import Clone, Owner, make_origin


@pytest.fixture(scope="session")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a finished project, pushed to a directory; test processes share one."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (base / "shared.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = base / "shared" / "done"
        if not done.is_file():
            shutil.rmtree(done.parent, ignore_errors=True)
            make_origin(done.parent / "origin", done.parent / "store")
            done.touch()
    return done.parent / "origin"


@pytest.fixture
def clone(origin: Path, tmp_path: Path) -> Clone:
    """Return a fresh clone: what git tracks, and nothing else."""
    return Clone(origin, tmp_path / "clone")


@pytest.fixture
def owner(origin: Path, tmp_path: Path) -> Owner:
    """Return a copy of the project with its data and its cache, as its owner has it."""
    return Owner(Path(shutil.copytree(origin, tmp_path / "owner")))
