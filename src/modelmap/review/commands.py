"""Runs git and DVC in the project and returns their output."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from modelmap.plumbing.errors import UserError

DVC = (sys.executable, "-m", "dvc")


def git(root: Path, *arguments: str) -> str:
    """Return the output of a git command. Raises UserError with its last line if it fails."""
    return _output(["git", *arguments], root)


def dvc(root: Path, *arguments: str) -> str:
    """Return the output of a DVC command. Raises UserError with its last line if it fails."""
    return _output([*DVC, *arguments], root)


def dvc_output(root: Path, *arguments: str) -> str:
    """Return the output and the errors of a DVC command, whether it fails or not."""
    done = _run([*DVC, *arguments], root)
    return done.stdout + done.stderr


def dvc_json(root: Path, *arguments: str) -> dict[str, Any]:
    """Return the JSON that a DVC command prints, which is an empty dict if it prints nothing."""
    content: dict[str, Any] = json.loads(dvc(root, *arguments, "--json") or "{}")
    return content


def merge_base(root: Path, base: str) -> str:
    """Return the latest common commit of `base` and HEAD. Raises UserError if there is none."""
    try:
        commit = git(root, "rev-parse", "--verify", "--end-of-options", f"{base}^{{commit}}")
    except UserError as error:
        raise UserError(
            f"{base!r} is not a revision of this repository: run `git fetch`, or name another"
        ) from error
    try:
        return git(root, "merge-base", commit.strip(), "HEAD").strip()
    except UserError as error:
        raise UserError(
            f"{base!r} and HEAD have no commit in common: fetch the whole history "
            "(`git fetch --unshallow`)"
        ) from error


def _output(command: list[str], root: Path) -> str:
    done = _run(command, root)
    if done.returncode:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        name = " ".join(word for word in command if word not in DVC[:2])
        raise UserError(f"`{name}` failed: {lines[-1].strip() if lines else 'without a message'}")
    return done.stdout


def _run(command: list[str], root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
