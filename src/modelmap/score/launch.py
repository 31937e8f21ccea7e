"""Starting workers through Hydra's launcher, and knowing what became of it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from modelmap.plumbing.hardware import hardware_choice
from modelmap.plumbing.processes import ONE_THREAD
from modelmap.score.app import SCORER
from modelmap.score.heartbeat import beating
from modelmap.score.jobs import JobList, write_job_list

GRACE_S = 10.0


@dataclass(frozen=True)
class Launcher:
    """The process that started the workers and waits for them."""

    process: "subprocess.Popen[bytes]"
    log: Path

    def is_running(self) -> bool:
        return self.process.poll() is None

    def ending(self) -> str:
        """Return its exit status and its last word."""
        lines = self.log.read_text(errors="replace").split("\n")
        said = next((line.strip() for line in reversed(lines) if line.strip()), "nothing said")
        return f"exit {self.process.returncode}: {said}"


@contextmanager
def launched(job_list: JobList, overrides: Sequence[str]) -> Iterator[Launcher]:
    """Yield the launcher of the order's workers; both are ended at the end of the block."""
    folder = job_list.layout.store / "launch"
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "log.txt"
    with beating(job_list.work), log.open("wb") as output:
        process = subprocess.Popen(
            _command(job_list, folder, overrides),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **ONE_THREAD, SCORER: str(os.getpid())},
            process_group=0,
        )
        try:
            yield Launcher(process, log)
        finally:
            _end(process)


def _command(job_list: JobList, folder: Path, overrides: Sequence[str]) -> list[str]:
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
    """Return a path as Hydra's grammar of overrides takes it, whatever characters it has."""
    escaped = str(path).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the launcher's group: itself, and what it started on this machine."""
    _signal(process, signal.SIGTERM)
    try:
        process.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        _signal(process, signal.SIGKILL)
        process.wait()


def _signal(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
