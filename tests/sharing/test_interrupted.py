"""Remotes in a folder and on a machine that SSH reaches; pushes and pulls that are killed."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from helpers.killing import started, wait_for
from helpers.project import Project
from helpers.shared_project import Clone, Owner, Run, set_remote, tables

from modelmap.plumbing.cache import damaged_objects
from modelmap.plumbing.layout import Layout

pytestmark = [
    pytest.mark.remote,
    pytest.mark.skipif(not find_spec("dvc_ssh"), reason="not installed: dvc-ssh"),
]

TABLE = "data/map.parquet"
N_BYTES = 20_000
"""Some of the tables have been transferred after so many bytes, and others have not."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Any]:
    """Return an SSH server of this machine's files."""
    from helpers.ssh_server import ssh_server

    with ssh_server(tmp_path) as remote:
        yield remote


def kill_when(is_midway: Callable[[], bool], project: Project, command: str) -> None:
    """Kill a DVC command at once as soon as it has come so far."""
    run = started(project, ["dvc", command, "dvc.yaml"])
    wait_for(is_midway, f"{command} under way")
    run.kill()
    run.wait()


def in_new_session(project: Project, *command: str) -> Run:
    """Run a command that cannot ask for a password, as it has no terminal."""
    return subprocess.run(
        command,
        cwd=project.root,
        env=project.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )


def test_ssh_takes_and_gives_back(owner: Owner, server: Any) -> None:
    """With a key file, a table goes to a server and comes back the same."""
    content = (owner.root / TABLE).read_bytes()
    set_remote(owner, server.url, keyfile=str(server.folder / "key"))
    owner.dvc("push", TABLE)
    shutil.rmtree(owner.root / ".dvc" / "cache")
    Layout(owner.root).map.unlink()
    owner.dvc("pull", TABLE)
    assert (owner.root / TABLE).read_bytes() == content


@pytest.mark.kill
def test_kills_of_a_push_and_a_pull_by_ssh_damage_nothing(
    owner: Owner, server: Any, tmp_path: Path
) -> None:
    """The same commands then complete, and a clone has the same bytes."""
    objects = tmp_path / "store/files/md5"
    set_remote(owner, server.url, keyfile=str(server.folder / "key"))
    server.stall_after(N_BYTES)
    kill_when(server.stalled.is_set, owner, "push")
    assert damaged_objects(objects) == {}
    server.stall_after(float("inf"))
    assert "pushed" in owner.dvc("push", "dvc.yaml")
    owner.run("git", "commit", "--quiet", "--all", "--message", "A server")
    clone = Clone(owner.root, tmp_path / "clone")
    server.stall_after(N_BYTES)
    kill_when(server.stalled.is_set, clone, "pull")
    assert damaged_objects(clone.root / ".dvc/cache/files/md5") == {}
    assert tables(clone.root).keys() < tables(owner.root).keys()
    server.stall_after(float("inf"))
    clone.dvc("pull", "dvc.yaml")
    assert tables(clone.root) == tables(owner.root)
    assert damaged_objects(objects) == {}


@pytest.mark.kill
def test_kills_of_a_push_and_a_pull_in_a_folder_damage_nothing(
    owner: Owner, tmp_path: Path
) -> None:
    """Killed once the first object has arrived; the same commands then complete."""
    objects = tmp_path / "store/files/md5"
    set_remote(owner, str(tmp_path / "store"))
    kill_when(lambda: any(objects.glob("*/*")), owner, "push")
    assert damaged_objects(objects) == {}
    owner.dvc("push", "dvc.yaml")
    owner.run("git", "commit", "--quiet", "--all", "--message", "A folder")
    clone = Clone(owner.root, tmp_path / "clone")
    cached = clone.root / ".dvc/cache/files/md5"
    kill_when(lambda: any(cached.glob("*/*")), clone, "pull")
    assert damaged_objects(cached) == {}
    clone.dvc("pull", "dvc.yaml")
    assert tables(clone.root) == tables(owner.root)


def test_a_wrong_password_is_refused_and_the_right_one_completes(
    owner: Owner, server: Any, tmp_path: Path
) -> None:
    """DVC asks for another; where it cannot, it fails, and neither side has changed."""
    from helpers.ssh_server import PASSWORD

    before = tables(owner.root)
    set_remote(owner, server.url)
    owner.dvc("remote", "modify", "--local", "store", "password", "not-" + PASSWORD)
    refused = in_new_session(owner, "dvc", "push", TABLE)
    assert refused.returncode != 0
    assert "someone@127.0.0.1's password:" in refused.stderr
    assert "ERROR: unexpected error" in refused.stderr
    assert tables(owner.root) == before
    assert not (tmp_path / "store").exists()
    owner.dvc("remote", "modify", "--local", "store", "password", PASSWORD)
    done = in_new_session(owner, "dvc", "push", TABLE)
    assert "1 file pushed" in done.stdout, done.stderr
    assert damaged_objects(tmp_path / "store/files/md5") == {}
