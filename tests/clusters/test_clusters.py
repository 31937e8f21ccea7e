"""Real clusters of one node on this machine, started by the scripts beside this file."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from helpers.killing import Victim, kill, started, wait_for
from helpers.score_project import MODELS, ScoringProject

pytestmark = pytest.mark.cluster

HERE = Path(__file__).parent


@contextmanager
def cluster(name: str, folder: Path) -> Iterator[dict[str, str]]:
    """Yield the variables by which commands find a running cluster of one node."""
    script = str(HERE / f"{name}.sh")
    subprocess.run([script, "start", str(folder)], check=True, timeout=180)
    try:
        yield {"SLURM_CONF": str(folder / "slurm.conf"), "RAY_ADDRESS": "127.0.0.1:26379"}
    finally:
        subprocess.run([script, "stop", str(folder)], check=True, timeout=180)


def skip_reason(cluster: str) -> str | None:
    """Return why a cluster cannot be started here, or None."""
    if find_spec("submitit" if cluster == "slurm" else "ray") is None:
        return f"the extra {cluster} is not installed"
    if cluster == "slurm" and not all(map(shutil.which, ("slurmctld", "slurmd", "munged"))):
        return "Debian's slurm-wlm and munge are not installed"
    if cluster == "slurm" and os.geteuid() != 0:
        return "slurmd has to be started by root"
    return None


@pytest.mark.parametrize("name", ["slurm", "ray"])
def test_the_same_command_scores_on_a_cluster(name: str, tmp_path: Path) -> None:
    """`dvc repro` fans out to the cluster's tasks, gathers, and leaves the bytes of a local run."""
    if reason := skip_reason(name):
        pytest.skip(reason)
    project = ScoringProject(tmp_path / "project")
    project.repro()
    local = project.scored()
    project.forget()
    project.append("conf/local/default.yaml", "  scorers: 2\n")
    # Sockets are in the folder, and a socket's path may have 107 bytes.
    with TemporaryDirectory() as folder, cluster(name, Path(folder)) as variables:
        output = project.repro(MODELMAP_HARDWARE=name, **variables)
    assert project.scored() == local, output
    assert {f"{model}.parquet" for model in MODELS} < set(local)


@pytest.mark.parametrize("victim", ["dvc", "scorer"])
def test_tasks_that_wait_in_the_queue_are_cancelled(victim: Victim, tmp_path: Path) -> None:
    """A run of which a process was killed leaves no task that still has to start."""
    if reason := skip_reason("slurm"):
        pytest.skip(reason)
    project = ScoringProject(tmp_path / "project")
    # One task at a time: the others wait.
    project.append("conf/local/default.yaml", "  scorers: 4\n")
    project.append("conf/local/default.yaml", "hydra: {launcher: {array_parallelism: 1}}\n")
    with TemporaryDirectory() as folder, cluster("slurm", Path(folder)) as variables:
        run = started(project, MODELMAP_HARDWARE="slurm", **variables)
        wait_for(lambda: states(variables).count("RUNNING") == 1, "task that has started")
        kill(run, victim)
        wait_for(lambda: "PENDING" not in states(variables), "end of the tasks that wait")
        # Without being cancelled they would start one after another, find no run and exit.
        assert "CANCELLED" in states(variables)


def states(variables: dict[str, str]) -> list[str]:
    """Return the states of all tasks that Slurm knows, including those that have ended."""
    command = ["squeue", "--states=all", "--array", "--noheader", "--format=%T"]
    environment = {**os.environ, **variables}
    return subprocess.check_output(command, env=environment, text=True).split()
