"""A small project under git and DVC, with a branch `change` that is one request's worth ahead."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import yaml

from helpers import ROOT
from helpers.snapshots import matrix, snapshot, vectors, write_snapshot
from modelmap.plumbing.layout import Layout

STAGES = {
    "matrix": {
        "cmd": "modelmap matrix",
        "deps": ["code.py"],
        "params": [{"params.yaml": ["seed"]}],
        "outs": ["data/models.parquet", "data/matrix.parquet"],
    },
    "map": {
        "cmd": "modelmap map",
        "deps": ["data/matrix.parquet"],
        "outs": ["data/map.parquet", {"reports/metrics/map.json": {"cache": False}}],
    },
}
GIT = ("git", "-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "init.defaultBranch=main")
DVC = (sys.executable, "-m", "dvc")


def run(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, on the checkout's own source."""
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def done(folder: Path, *command: str) -> str:
    """Run a command that must succeed, and return what it prints."""
    completed = run(folder, *command)
    assert completed.returncode == 0, completed.stdout + completed.stderr
    return completed.stdout


def make_project(root: Path) -> Path:
    """Return a project whose `main` has models a to f, and whose `change` has g for f.

    On `change` model c was scored anew, and the seed is another. The cache of this project is the
    remote of its clones.
    """
    (root / ".dvc").mkdir(parents=True)
    (root / ".dvc/config").write_text(
        "[core]\n    analytics = false\n    remote = origin\n"
        f"['remote \"origin\"']\n    url = ../../{root.name}/.dvc/cache\n"
    )
    (root / ".dvc/.gitignore").write_text("/cache\n/tmp\n/config.local\n")
    (root / ".gitignore").write_text("/data\n/.venv\n/review\n")
    (root / "code.py").write_text("")
    written = {"stages": STAGES, "metrics": ["reports/metrics/map.json"]}
    (root / "dvc.yaml").write_text(yaml.safe_dump(written, sort_keys=False))
    shutil.copyfile(ROOT / "Makefile", root / "Makefile")
    shutil.copyfile(ROOT / "pyproject.toml", root / "pyproject.toml")
    done(root, *GIT, "init", "-q")
    _commit(root, 1, 0.75, "abcdef")
    done(root, *GIT, "checkout", "-q", "-b", "change")
    _commit(root, 2, 0.875, "abcdeg", scored_anew="c")
    return root


def _commit(
    root: Path, seed: int, trustworthiness: float, names: str, scored_anew: str = ""
) -> None:
    """Write results as if the stages had run, and commit them to DVC and git."""
    layout = Layout(root)
    made = vectors(names)
    for name in scored_anew:
        made[name] = made[name] + np.linspace(0, 30, len(made[name]))
    layout.params.write_text(yaml.safe_dump({"seed": seed}))
    layout.metrics("map").parent.mkdir(parents=True, exist_ok=True)
    layout.metrics("map").write_text(json.dumps({"trustworthiness": trustworthiness}))
    (root / "data").mkdir(exist_ok=True)
    write_snapshot(layout, replace(snapshot(names), matrix=matrix(made)))
    done(root, *DVC, "commit", "-q", "--force")
    done(root, *GIT, "add", "--all")
    done(root, *GIT, "commit", "-q", "-m", names)


def clone(project: Path, folder: Path) -> Path:
    """Return a fresh clone of `change`, with this environment in the place of its own."""
    done(project, *GIT, "clone", "-q", "--branch", "change", str(project), str(folder))
    (folder / ".venv").mkdir()
    (folder / ".venv/bin").symlink_to(Path(sys.executable).parent)
    (folder / ".venv/.done").touch()
    return folder
