"""`modelmap guard`: check that dvc.lock and the results belong to the committed code."""

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import read_yaml
from modelmap.plumbing.layout import Layout
from modelmap.review.commands import dvc_json, dvc_output, git

WOULD_RUN = re.compile(r"(?:Running stage|failed to reproduce) '(.+?)'")
"""The names of stages in the output of `dvc repro --dry`.

Even in a dry run, DVC fails at a stage that it would run if data of the stage is missing.
"""
ABSENT = {"deleted", "not in cache"}
OTHER_RESULTS = "dvc.lock has it with other results of an earlier stage"
UP_TO_DATE = "dvc.lock is up to date with code, parameters and results"
SHOWN = 3
"""Number of reasons shown for a stale stage."""


def run(layout: Layout) -> None:
    """Print that dvc.lock is up to date. Raises UserError that lists stale stages with reasons."""
    problems = lock_problems(layout.root)
    if problems:
        raise UserError(problems)
    print(UP_TO_DATE)


def lock_problems(root: Path) -> str:
    """Return one line with stale stages and uncommitted files, or an empty string.

    Data that git ignores may be missing, as in a fresh clone. Files under git may not.
    """
    if not (root / "dvc.lock").is_file():
        return "there is no dvc.lock: run `dvc repro` and commit it"
    # DVC does not say clearly what is wrong with a file in which git wrote a merge conflict.
    for name in ("dvc.lock", "dvc.yaml", "params.yaml", "resolved.yaml"):
        if (root / name).is_file():
            read_yaml(root / name)
    would_run = WOULD_RUN.findall(dvc_output(root, "repro", "--allow-missing", "--dry"))
    status = dvc_json(root, "status", "dvc.yaml")
    absent = [path for _, path, state in changes(status) if state in ABSENT]
    stale = stale_stages(would_run, status, ignored(root, absent))
    problems = []
    if stale:
        stages = [f"{stage} ({listed(why, SHOWN)})" for stage, why in stale.items()]
        problems.append(
            f"stale: {listed(stages)}; run `dvc repro` and commit dvc.lock with the results"
        )
    changed = uncommitted(root)
    if changed:
        problems.append(f"not committed: {listed(changed)}")
    return "; ".join(problems)


def changes(status: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, str, str]]:
    """Yield (stage, name, state) for every change in the output of `dvc status --json`.

    `name` is a path, or the file and the name of a parameter. It is empty if the definition of the
    stage changed.
    """
    for stage, entries in status.items():
        for entry in entries:
            if isinstance(entry, str):
                yield stage, "", entry
                continue
            for path, state in (item for part in entry.values() for item in part.items()):
                if isinstance(state, str):
                    yield stage, path, state
                else:
                    yield from ((stage, f"{path} {key}", word) for key, word in state.items())


def stale_stages(
    would_run: Sequence[str], status: Mapping[str, Sequence[Any]], may_be_absent: set[str]
) -> dict[str, list[str]]:
    """Return the stale stages with their reasons.

    A stage is stale if DVC would run it, or if a file of it is missing that is not among
    `may_be_absent`: `dvc repro --allow-missing` accepts any missing file.
    """
    stale: dict[str, list[str]] = {}
    for stage, name, state in changes(status):
        if state not in ABSENT or name not in may_be_absent:
            stale.setdefault(stage, []).append(f"{name} {state}".strip())
    for stage in would_run:
        stale.setdefault(stage, [OTHER_RESULTS])
    return stale


def ignored(root: Path, paths: Sequence[str]) -> set[str]:
    """Return the paths among `paths` that git ignores. They need not exist."""
    done = subprocess.run(
        ["git", "check-ignore", "-z", "--stdin"],
        cwd=root,
        input="\0".join(paths),
        capture_output=True,
        text=True,
        check=False,
    )
    return set(filter(None, done.stdout.split("\0")))


def uncommitted(root: Path) -> list[str]:
    """Return the files of the pipeline, including dvc.lock, that differ from the last commit."""
    lock = read_yaml(root / "dvc.lock").get("stages", {})
    paths = {"dvc.yaml", "dvc.lock"}
    for stage in lock.values():
        paths.update(item["path"] for kind in ("deps", "outs") for item in stage.get(kind, []))
        paths.update(stage.get("params", {}))
    status = git(root, "status", "--porcelain", "--no-renames", "-z", "--", *sorted(paths))
    return [entry[3:] for entry in status.split("\0") if entry]
