"""Starting workers through a Hydra launcher, on this machine or on a cluster."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from hydra.core.override_parser.types import Quote, QuotedString

from modelmap.plumbing.hardware import hardware_choice
from modelmap.plumbing.processes import WORKER_ENVIRONMENT
from modelmap.score.app import PARENT_VARIABLE
from modelmap.score.heartbeat import writing_heartbeat
from modelmap.score.jobs import JobList, write_job_list

GRACE_S = 10.0


@dataclass(frozen=True)
class Launcher:
    """The process that starts the workers and waits until they have ended."""

    process: "subprocess.Popen[bytes]"
    log: Path

    def is_running(self) -> bool:
        return self.process.poll() is None

    def worker_was_killed(self) -> bool:
        """Return whether the log says that a worker on this machine was ended by SIGKILL."""
        return self.process.returncode != 0 and "SIGKILL" in self.log.read_text(errors="replace")

    def exit_message(self) -> str:
        """Return the exit status and the last line that was written to the log."""
        lines = self.log.read_text(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "no output")
        return f"exit {self.process.returncode}: {last}"


@contextmanager
def launched(job_list: JobList, overrides: Sequence[str]) -> Iterator[Launcher]:
    """Yield the launcher of the job list's workers; it ends with the block, and so do they."""
    folder = job_list.layout.store / "launch"
    folder.mkdir(parents=True, exist_ok=True)
    _make_private(folder)
    log = folder / "log.txt"
    with writing_heartbeat(job_list.work), log.open("wb") as output:
        process = subprocess.Popen(
            _command(job_list, folder, overrides),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **WORKER_ENVIRONMENT, PARENT_VARIABLE: str(os.getpid())},
            # A group of its own: it can be ended with all that it started, and nothing else.
            process_group=0,
        )
        try:
            yield Launcher(process, log)
        finally:
            _end(process)
            _make_private(folder)


def _make_private(folder: Path) -> None:
    """Let nobody but the owner read a folder and its files, in which Hydra saves all settings."""
    # They may contain a token, where conf/local sets environment variables of a launcher.
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o700 if path.is_dir() else 0o600)


def _command(job_list: JobList, folder: Path, overrides: Sequence[str]) -> list[str]:
    """Return the command of a Hydra multirun with one job for each worker."""
    n_scorers = job_list.hardware.n_scorers
    return [
        *(sys.executable, "-m", "modelmap.score.app"),
        *("--config-dir", str(job_list.layout.conf), "--multirun"),
        *hardware_choice(job_list.layout.conf),
        *overrides,
        f"hardware.scorers={n_scorers}",
        f"hydra.sweep.dir={_quoted(folder)}",
        f"+job_list={_quoted(write_job_list(job_list))}",
        f"+worker={','.join(str(number) for number in range(n_scorers))}",
    ]


def _quoted(path: Path) -> str:
    """Return a path quoted for Hydra's override grammar, whatever characters it contains."""
    # In the folder's name `${` is no interpolation.
    return QuotedString(str(path).replace("${", "\\${"), Quote.single).with_quotes()


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Terminate the launcher and all processes that it started on this machine."""
    # SIGTERM first: a process may then clean up, which SIGKILL does not allow.
    _signal(process, signal.SIGTERM)
    try:
        process.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        _signal(process, signal.SIGKILL)
        process.wait()


def _signal(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
