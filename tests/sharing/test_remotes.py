"""Remotes in a bucket, as a real server has them, and what goes wrong with them."""

from pathlib import Path

import pytest
from helpers.s3_server import ACCESS, BUCKET, MISSING, SECRET, BreakingLine, s3_server
from helpers.shared_project import Clone, Owner, Run, set_remote, tables

pytestmark = pytest.mark.remote

S3 = f"s3://{BUCKET}/modelmap"
KEY = {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_MAX_ATTEMPTS": "1"}
TABLE = "data/map.parquet"


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
