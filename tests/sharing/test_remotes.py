"""Remotes other than a directory, as a real server has them, and what goes wrong with them."""

import asyncio
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from helpers.s3_server import ACCESS, BUCKET, MISSING, SECRET, BreakingLine, s3_server
from helpers.shared_project import Clone, Owner, Run, set_remote

from modelmap.plumbing.layout import Layout

pytestmark = pytest.mark.remote

S3 = f"s3://{BUCKET}/modelmap"
KEY = {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_MAX_ATTEMPTS": "1"}
TABLE = "data/map.parquet"


def tables(root: Path) -> dict[str, bytes]:
    """Return the bytes of every table below data/, by path."""
    found = (root / "data").rglob("*.parquet")
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


def assert_lost(run: Run) -> None:
    """Fail unless a command ended because its server went away, and says so."""
    assert run.returncode != 0
    assert "Could not connect to the endpoint URL" in run.stderr


def reached_through(owner: Owner, port: int) -> None:
    """Make the remote's server one on this machine, for this checkout alone."""
    endpoint = f"['remote \"store\"']\n    endpointurl = http://127.0.0.1:{port}\n"
    (owner.root / ".dvc" / "config.local").write_text(endpoint)


@pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
def test_s3_serves_a_fresh_clone_whatever_breaks_off(owner: Owner, tmp_path: Path) -> None:
    """A lost line is told, loses nothing, and the next push or pull completes."""
    set_remote(owner, S3)
    with s3_server(tmp_path / "s3") as port:
        reached_through(owner, BreakingLine(port, 100_000).port)
        assert_lost(owner.run("dvc", "push", "dvc.yaml", **KEY))
        reached_through(owner, port)
        assert "pushed" in owner.dvc("push", "dvc.yaml", **KEY)
        owner.run("git", "commit", "--quiet", "--all", "--message", "A bucket")
        clone = Clone(owner.root, tmp_path / "clone")
        reached_through(clone, BreakingLine(port, 100_000).port)
        assert_lost(clone.run("dvc", "pull", "dvc.yaml", **KEY))
        reached_through(clone, port)
        clone.dvc("pull", "dvc.yaml", **KEY)
    assert tables(clone.root) == tables(owner.root)


@pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
def test_a_wrong_key_is_told_and_no_key_is_where_git_sees_it(owner: Owner, tmp_path: Path) -> None:
    """S3 refuses it; `dvc remote modify --local` writes a file that git ignores."""
    set_remote(owner, S3)
    before = tables(owner.root)
    with s3_server(tmp_path / "s3") as port:
        reached_through(owner, port)
        owner.dvc("remote", "modify", "--local", "store", "secret_access_key", "not-" + SECRET)
        owner.append(".dvc/config.local", f"    access_key_id = {ACCESS}\n")
        refused = owner.run("dvc", "push", TABLE)
    assert refused.returncode != 0
    assert "Forbidden" in refused.stderr
    assert tables(owner.root) == before
    owner.run("git", "add", "--all")
    assert owner.run("git", "grep", "--cached", f"not-{SECRET}").stdout == ""
    assert owner.run("git", "check-ignore", ".dvc/config.local").returncode == 0


@contextmanager
def ssh_server(folder: Path) -> Iterator[int]:
    """Serve this machine's files by SFTP to who has the key `folder`/key; yield the port."""
    import asyncssh

    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(str(folder / "key"))
    key.write_public_key(str(folder / "key.pub"))
    loop = asyncio.new_event_loop()
    listening = asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
        authorized_client_keys=str(folder / "key.pub"),
        sftp_factory=True,
    )
    server = loop.run_until_complete(listening)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.get_port()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


@pytest.mark.skipif(not find_spec("dvc_ssh"), reason="not installed: dvc-ssh")
def test_ssh_takes_and_gives_back(owner: Owner, tmp_path: Path) -> None:
    """With a key file, a table goes to a server and comes back the same."""
    content = (owner.root / TABLE).read_bytes()
    with ssh_server(tmp_path) as port:
        url = f"ssh://someone@127.0.0.1:{port}{tmp_path}/store"
        set_remote(owner, url, keyfile=str(tmp_path / "key"))
        owner.dvc("push", TABLE)
        shutil.rmtree(owner.root / ".dvc" / "cache")
        Layout(owner.root).map.unlink()
        owner.dvc("pull", TABLE)
    assert (owner.root / TABLE).read_bytes() == content
