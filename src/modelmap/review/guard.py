"""`modelmap guard`: whether the committed lock and results are those of the code beside them."""

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import read_yaml
from modelmap.plumbing.layout import Layout
from modelmap.review.commands import dvc_json, dvc_whole, git

WOULD_RUN = re.compile(r"(?:Running stage|failed to reproduce) '(.+?)'")
"""DVC fails on a stage that it would run and whose data is not there, even in a dry run."""
ABSENT = {"deleted", "not in cache"}
UNEXPLAINED = "dvc.lock has it with other results of an earlier stage"
UP_TO_DATE = "dvc.lock is up to date with code, parameters and results"
SHOWN = 3


def run(layout: Layout) -> None:
    """Print that the lock is up to date. Raises UserError that names what is stale and why."""
    told = verdict(layout.root)
    if told:
        raise UserError(told)
    print(UP_TO_DATE)


def verdict(root: Path) -> str:
    """Return one line that names stale stages and uncommitted files, empty if there are none.

    Data that git ignores may be missing, as in a fresh clone; what git holds may not.
    """
    if not (root / "dvc.lock").is_file():
        return "there is no dvc.lock: run `dvc repro` and commit it"
    would_run = WOULD_RUN.findall(dvc_whole(root, "repro", "--allow-missing", "--dry"))
    status = dvc_json(root, "status", "dvc.yaml")
    absent = [path for _, path, state in changes(status) if state in ABSENT]
    stale = stale_stages(would_run, status, ignored(root, absent))
    told = []
    if stale:
        stages = [f"{stage} ({listed(why, SHOWN)})" for stage, why in stale.items()]
        told.append(
            f"stale: {listed(stages)}; run `dvc repro` and commit dvc.lock with the results"
        )
    loose = uncommitted(root)
    if loose:
        told.append(f"not committed: {listed(loose)}")
    return "; ".join(told)


def changes(status: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, str, str]]:
    """Yield (stage, what, state) for every change that `dvc status --json` tells.

    `what` is a path, or a parameter behind its file; it is empty where the stage itself changed.
    """
    for stage, entries in status.items():
        for entry in entries:
            if isinstance(entry, str):
                yield stage, "", entry
                continue
            for path, state in (item for told in entry.values() for item in told.items()):
                if isinstance(state, str):
                    yield stage, path, state
                else:
                    yield from ((stage, f"{path} {key}", word) for key, word in state.items())


def stale_stages(
    would_run: Sequence[str], status: Mapping[str, Sequence[Any]], may_be_absent: set[str]
) -> dict[str, list[str]]:
    """Return each stale stage with its reasons: those DVC would run, and those lacking files.

    `dvc repro --allow-missing` lets any file be missing; only data that git ignores may be.
    """
    stale: dict[str, list[str]] = {}
    for stage, what, state in changes(status):
        if state not in ABSENT or what not in may_be_absent:
            stale.setdefault(stage, []).append(f"{what} {state}".strip())
    for stage in would_run:
        stale.setdefault(stage, [UNEXPLAINED])
    return stale


def ignored(root: Path, paths: Sequence[str]) -> set[str]:
    """Return those of `paths` that git ignores, whether they exist or not."""
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
    """Return the files of the pipeline, the lock among them, that differ from the last commit."""
    lock = read_yaml(root / "dvc.lock").get("stages", {})
    paths = {"dvc.yaml", "dvc.lock"}
    for stage in lock.values():
        paths.update(item["path"] for kind in ("deps", "outs") for item in stage.get(kind, []))
        paths.update(stage.get("params", {}))
    told = git(root, "status", "--porcelain", "--no-renames", "-z", "--", *sorted(paths))
    return [entry[3:] for entry in told.split("\0") if entry]
