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
    assert len(local) == len(MODELS) + 1
