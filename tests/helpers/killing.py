"""Killing a run without a warning, and what is then left of it."""

import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Literal

import psutil

from helpers.project import Project
from helpers.score_project import ScoringProject

Victim = Literal["dvc", "scorer", "all"]
TIMEOUT_S = 120.0


def started(
    project: Project, command: Sequence[str] = ("dvc", "repro"), **environment: str
) -> "subprocess.Popen[bytes]":
    """Return a command running in a session of its own, which no interrupt reaches."""
    return subprocess.Popen(
        command,
        cwd=project.root,
        env={**project.environment(), **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def wait_for(is_there: Callable[[], bool], what: str) -> None:
    """Wait until something is the case; fail with `what` if it never is."""
    deadline = time.monotonic() + TIMEOUT_S
    while not is_there():
        assert time.monotonic() < deadline, f"no {what}"
        time.sleep(0.01)


def kill(run: "subprocess.Popen[bytes]", victim: Victim) -> None:
    """Kill DVC alone, the scorer alone, or every process of the run, and wait for DVC's end.

    Before DVC has started the scorer there is none to kill: the run goes on.
    """
    below = psutil.Process(run.pid).children(recursive=True)
    if victim != "scorer":
        run.kill()
    for process in below:
        if victim == "all" or (victim == "scorer" and is_scorer(process)):
            with suppress(psutil.NoSuchProcess):
                process.kill()
    run.wait(TIMEOUT_S)


def is_scorer(process: psutil.Process) -> bool:
    """Return whether a process is the stage score."""
    try:
        command = process.cmdline()
    except psutil.Error:
        return False
    return any(part.endswith("/modelmap") for part in command) and "score" in command


def processes_in(project: ScoringProject) -> list[psutil.Process]:
    """Return the processes that run in the project's folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(project.root) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found
