"""`kill -9` at any moment, then the same command: the files of a run that nobody stopped."""

import time
from collections.abc import Iterator

import pytest
from helpers.killing import Victim, kill, processes_in, started, wait_for
from helpers.score_project import MODELS, ScoringProject

from modelmap.plumbing.seeds import named_rng

VICTIMS: list[Victim] = ["dvc", "scorer", "group"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> ScoringProject:
    """Return a project that was never scored."""
    return ScoringProject(tmp_path_factory.mktemp("killed"))


@pytest.fixture(scope="module")
def undisturbed(project: ScoringProject) -> Iterator[dict[str, bytes]]:
    """Yield what one whole run leaves."""
    project.repro()
    left = project.scored()
    assert set(left) == {f"{name}.parquet" for name in MODELS} | {"dvc.lock"}
    yield left
    wait_for(lambda: not processes_in(project), "end of all processes")


def n_saved(project: ScoringProject) -> int:
    """Return how many shards and finished models there are."""
    folder = project.layout.store
    shards = sum(1 for _ in folder.glob("work/*/shard-????.parquet"))
    return shards + sum(1 for _ in folder.glob("scores/*.parquet"))


@pytest.mark.parametrize(("victim", "n_shards"), [("dvc", 0), ("scorer", 1), ("group", 6)])
def test_a_killed_run_goes_on_where_it_was(
    project: ScoringProject, undisturbed: dict[str, bytes], victim: Victim, n_shards: int
) -> None:
    """Before any shard is saved, after one and after six; the next run ends in the same bytes."""
    project.forget()
    run = started(project)
    job_list = project.layout.store / "work" / "jobs.json"
    wait_for(lambda: job_list.is_file() and n_saved(project) >= n_shards, f"{n_shards} shards")
    kill(run, victim)
    assert n_saved(project) < 30, "it had ended before it was killed"
    told = project.repro()
    assert ("another run is scoring here: waiting for it" in told) == (victim == "dvc")
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
