"""Running git and DVC in the project, and reading what they say."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from modelmap.plumbing.errors import UserError

DVC = (sys.executable, "-m", "dvc")


def git(root: Path, *arguments: str) -> str:
    """Return what a git command prints. Raises UserError with its last line if it fails."""
    return _output(["git", *arguments], root)


def dvc(root: Path, *arguments: str) -> str:
    """Return what a DVC command prints. Raises UserError with its last line if it fails."""
    return _output([*DVC, *arguments], root)


def dvc_whole(root: Path, *arguments: str) -> str:
    """Return all that a DVC command says, errors too, whether it fails or not."""
    done = _run([*DVC, *arguments], root)
    return done.stdout + done.stderr


def dvc_json(root: Path, *arguments: str) -> dict[str, Any]:
    """Return the JSON that a DVC command prints; nothing printed is nothing found."""
    content: dict[str, Any] = json.loads(dvc(root, *arguments, "--json") or "{}")
    return content


def merge_base(root: Path, base: str) -> str:
    """Return the commit at which HEAD left `base`. Raises UserError if there is none."""
    try:
        commit = git(root, "rev-parse", "--verify", "--end-of-options", f"{base}^{{commit}}")
    except UserError as error:
        raise UserError(
            f"{base!r} is no revision here: run `git fetch`, or name another"
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
        raise UserError(f"`{name}` failed: {lines[-1].strip() if lines else 'it says nothing'}")
    return done.stdout


def _run(command: list[str], root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
