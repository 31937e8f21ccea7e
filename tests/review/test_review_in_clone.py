"""The guard, the review and its workflow's own lines, in fresh clones."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from helpers.review_project import DVC, GIT, clone, done, make_project, run
from helpers.workflow_lines import run_lines

from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.review.commands import merge_base
from modelmap.review.guard import UP_TO_DATE, lock_problems
from modelmap.review.snapshot import NOT_FOUND, read_snapshot

pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield a small project with a branch to review."""
    made = make_project(tmp_path_factory.mktemp("review") / "project")
    yield made
    shutil.rmtree(made.parent)


@pytest.fixture(scope="module")
def once(project: Path) -> Path:
    """Return a clone."""
    return clone(project, project.parent / "guarded")


@pytest.fixture
def cloned(once: Path) -> Iterator[Path]:
    """Yield the clone, and bring back what a test edits."""
    yield once
    done(once, *GIT, "checkout", "-q", ".")


def test_a_fresh_clone_is_up_to_date_without_any_data(cloned: Path) -> None:
    """No cry of wolf: data is not there, and need not be."""
    assert not (cloned / "data").exists()
    completed = run(cloned, ".venv/bin/modelmap", "guard")
    assert (completed.returncode, completed.stdout) == (0, UP_TO_DATE + "\n")


def test_edits_are_named_in_one_line(cloned: Path) -> None:
    """Edited code, a parameter, a metric written by hand; all of them uncommitted."""
    (cloned / "code.py").write_text("x = 1\n")
    (cloned / "params.yaml").write_text("seed: 3\n")
    (cloned / "reports/metrics/map.json").write_text('{"trustworthiness": 1.0}')
    assert lock_problems(cloned) == (
        "stale: matrix (code.py modified, params.yaml seed modified), "
        "map (reports/metrics/map.json modified); "
        "run `dvc repro` and commit dvc.lock with the results; "
        "not committed: code.py, params.yaml, reports/metrics/map.json"
    )


def test_what_dvc_itself_excuses_is_stale(cloned: Path) -> None:
    """Code that is gone, and a lock whose stages do not fit, as after a merge line by line."""
    lock = yaml.safe_load((cloned / "dvc.lock").read_text())
    (dep,) = lock["stages"]["map"]["deps"]
    dep["md5"] = "0" * 32
    (cloned / "dvc.lock").write_text(yaml.safe_dump(lock))
    (cloned / "code.py").unlink()
    assert lock_problems(cloned) == (
        "stale: matrix (code.py deleted), "
        "map (dvc.lock has it with other results of an earlier stage); "
        "run `dvc repro` and commit dvc.lock with the results; not committed: code.py, dvc.lock"
    )


def test_no_lock_is_told(tmp_path: Path) -> None:
    """Before the first run."""
    assert lock_problems(tmp_path) == "there is no dvc.lock: run `dvc repro` and commit it"


@pytest.mark.parametrize("name", ["dvc.lock", "dvc.yaml", "params.yaml", "resolved.yaml"])
def test_a_merge_conflict_is_told(tmp_path: Path, name: str) -> None:
    """In place of what DVC says of the file, which is a line of YAML."""
    (tmp_path / "dvc.lock").write_text("schema: '2.0'\n")
    (tmp_path / name).write_text("<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> other\n")
    with pytest.raises(UserError, match=rf"^{name} has a merge conflict in line 1: edit it"):
        lock_problems(tmp_path)


def test_a_base_that_is_not_there_is_told(cloned: Path) -> None:
    """One line, whatever is typed."""
    with pytest.raises(
        UserError, match=r"^'nowhere' is not a revision of this repository: run `git fetch`, or"
    ):
        merge_base(cloned, "nowhere")
    with pytest.raises(UserError, match=r"^'--help' is not a revision of this repository"):
        merge_base(cloned, "--help")
    assert merge_base(cloned, "origin/main") == done(cloned, *GIT, "rev-parse", "HEAD~1").strip()


def test_tables_of_both_revisions_come_from_the_remote(cloned: Path) -> None:
    """Neither is in the clone; without a remote the reason is told, and the roster still read."""
    layout = Layout(cloned)
    before, after = read_snapshot(layout, "origin/main"), read_snapshot(layout, None)
    assert [list(made.specs) for made in (before, after)] == [list("abcdef"), list("abcdeg")]
    assert before.matrix is not None
    assert before.matrix.models == list("abcdef")
    assert after.places is not None
    assert after.places["model"].tolist() == list("abcdeg")
    assert before.missing == after.missing == {}
    done(cloned, *DVC, "config", "--local", "remote.origin.url", str(cloned / "nowhere"))
    bare = read_snapshot(layout, "origin/main")
    (cloned / ".dvc/config.local").unlink()
    tables = ("data/models.parquet", "data/matrix.parquet", "data/map.parquet")
    assert bare.missing == dict.fromkeys(tables, NOT_FOUND)
    assert list(bare.specs) == list("abcdef")


def test_a_map_that_is_in_no_cache_is_read_from_git(cloned: Path) -> None:
    """Rounded to 4 digits, as it is committed; then nothing is said to be missing of the map."""
    layout = Layout(cloned)
    layout.plot("map").parent.mkdir(exist_ok=True)
    layout.plot("map").write_text("model,x,y\na,1,2.5\nb,-3,0\n")
    done(cloned, *DVC, "config", "--local", "remote.origin.url", str(cloned / "nowhere"))
    layout.map.unlink(missing_ok=True)
    found = read_snapshot(layout, None)
    (cloned / ".dvc/config.local").unlink()
    layout.plot("map").unlink()
    assert found.places is not None
    assert found.places.to_numpy().tolist() == [["a", 1.0, 2.5], ["b", -3.0, 0.0]]
    assert "data/map.parquet" not in found.missing


def test_the_review_is_written_in_a_clone_by_the_workflows_own_lines(project: Path) -> None:
    """Set-up, guard and review, job summary: all that a runner would type, data from the remote."""
    cloned = clone(project, project.parent / "reviewed")
    summary = project.parent / "summary.md"
    environment = {
        "GITHUB_BASE_REF": "main",
        "GITHUB_STEP_SUMMARY": str(summary),
        "NUMBER": "7",
    }
    for line in run_lines("review"):
        completed = run(cloned, "bash", "-e", "-c", line, **environment)
        assert completed.returncode == 0, completed.stdout + completed.stderr
    assert (cloned / "review/number").read_text() == "7\n"
    text = (cloned / "review/review.md").read_text()
    assert summary.read_text() == text
    paragraphs = text.split("\n\n")
    assert paragraphs[0].startswith("# Review against `origin/main` (`")
    assert paragraphs[1] == "dvc.lock is up to date with code, parameters and results."
    assert paragraphs[3] == "6 models before, 6 after: 1 added, 1 dropped, 1 re-scored, 4 kept."
    assert paragraphs[4:6] == ["Added: `g`.", "Dropped: `f`."]
    assert re.search(r"^\| `c` \| re-scored \| 0\.\d+ \| 0\.000 \|$", text, re.MULTILINE)
    assert "| `reports/metrics/map.json` | `trustworthiness` | `0.75` | `0.875` | +0.125 |" in text
    assert "| `params.yaml` | `seed` | `1` | `2` |" in text
    assert "Not compared" not in text


def test_make_prints_a_stale_review_and_fails(project: Path) -> None:
    """`make review BASE=...` shows the stale stage first, then the rest; the exit is not zero."""
    cloned = clone(project, project.parent / "typed")
    (cloned / "code.py").write_text("x = 1\n")
    completed = run(cloned, "make", "review", "BASE=origin/main")
    assert completed.returncode != 0
    assert (
        "**Not up to date**: `stale: matrix (code.py modified); run 'dvc repro'" in completed.stdout
    )
    assert "| `params.yaml` | `seed` | `1` | `2` |" in completed.stdout
    assert "modelmap review: stale: matrix (code.py modified)" in completed.stderr
