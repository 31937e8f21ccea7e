"""`kill -9` at any moment, then the same command: the files of a run that nobody stopped."""

import time
from collections.abc import Iterator
from functools import partial

import pytest
from helpers.job_lists import score_here
from helpers.killing import Victim, is_scorer, kill, processes_in, started, wait_for
from helpers.score_project import MODELS, ScoringProject

from modelmap.plumbing.seeds import named_rng
from modelmap.score import stage

pytestmark = pytest.mark.kill

N_SHARDS = 76
"""Of the three models, before they are joined into files."""
VICTIMS: list[Victim] = ["dvc", "scorer", "all"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> ScoringProject:
    """Return a project that was never scored."""
    return ScoringProject(tmp_path_factory.mktemp("killed"))


@pytest.fixture(scope="module")
def undisturbed(project: ScoringProject) -> Iterator[dict[str, bytes]]:
    """Yield what scoring in one process leaves, which nobody stops."""
    with pytest.MonkeyPatch.context() as patch:
        score_here(patch)
        stage.run(project.layout)
    assert project.run("dvc", "commit", "--quiet", "--force").returncode == 0
    left = project.scored()
    assert set(left) == {f"{name}.parquet" for name in MODELS} | {"index.json", "dvc.lock"}
    yield left
    wait_for(partial(has_ended, project), "end of all processes")


def n_saved(project: ScoringProject) -> int:
    """Return how many shards and finished models there are."""
    folder = project.layout.store
    shards = sum(1 for _ in folder.glob("work/*/shard-????.parquet"))
    return shards + sum(1 for _ in folder.glob("scores/*.parquet"))


def has_saved(project: ScoringProject, n_wanted: int) -> bool:
    """Return whether a run has begun, and so many shards and finished models are there."""
    job_list = project.layout.store / "work" / "jobs.json"
    return job_list.is_file() and n_saved(project) >= n_wanted


def has_ended(project: ScoringProject) -> bool:
    """Return whether no process runs in the project."""
    return not processes_in(project)


def has_no_scorer(project: ScoringProject) -> bool:
    """Return whether the stage score runs nowhere in the project."""
    return not any(is_scorer(process) for process in processes_in(project))


@pytest.mark.parametrize("kills", [[("dvc", 0)], [("all", 1), ("scorer", 5)]])
def test_a_killed_run_continues_where_it_was(
    project: ScoringProject, undisturbed: dict[str, bytes], kills: list[tuple[Victim, int]]
) -> None:
    """Killed before any shard is saved, or after one and again after five others.

    The last run ends in the same bytes. Where DVC alone is killed, the scorer exits as well: it
    would otherwise overwrite the results of the next run.
    """
    project.forget()
    for victim, n_shards in kills:
        # Workers of the run before may save some more shards until they end.
        wait_for(partial(has_ended, project), "end of the run before")
        wanted = n_saved(project) + n_shards
        run = started(project)
        wait_for(partial(has_saved, project, wanted), f"{wanted} shards")
        assert n_saved(project) < N_SHARDS, "it ends before it is killed"
        kill(run, victim)
        wait_for(partial(has_no_scorer, project), "end of the scorer")
    project.repro()
    assert project.scored() == undisturbed
    assert [path.name for path in (project.layout.store / "work").iterdir()] == []


@pytest.mark.soak
@pytest.mark.parametrize("number", range(20))
def test_a_run_killed_at_a_random_moment_goes_on(
    project: ScoringProject, undisturbed: dict[str, bytes], number: int
) -> None:
    """Whoever is killed, and whenever in the first seconds, even twice in a row."""
    rng = named_rng(42, "killed", str(number))
    project.forget()
    for _ in range(2):
        run = started(project)
        time.sleep(rng.uniform(0, 12))
        if run.poll() is None:
            kill(run, VICTIMS[int(rng.integers(len(VICTIMS)))])
    project.repro()
    assert project.scored() == undisturbed
