"""A heartbeat file by which workers on any machine notice that their run has ended.

The launcher ends the workers that it started on its own machine. It cannot end those that Slurm or
Ray started elsewhere: what these share with the run is a folder.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from modelmap.plumbing.files import write_text

FILE_NAME = "alive"
WRITE_EVERY_S = 1.0
READ_EVERY_S = 2.0
# A worker counts readings, not seconds. When a machine is suspended and resumed, its clock has
# moved on while the run could not write; counted readings stand still with the worker.
# The number is large because a network file system may show content that is a minute old.
MAX_UNCHANGED_READS = 60
MAX_MISSING_READS = 3


@contextmanager
def writing_heartbeat(work: Path) -> Iterator[None]:
    """Write a growing number to the heartbeat file in `work` until the end of the block."""
    path, stopped = work / FILE_NAME, threading.Event()
    write_text(path, "0")

    def write() -> None:
        count = 0
        while not stopped.wait(WRITE_EVERY_S):
            count += 1
            # One failed write, such as on a full disk, is not the end of the run. The workers
            # exit after many readings without a change.
            with suppress(OSError):
                write_text(path, str(count))

    # A daemon thread ends with the process, also when the process is killed: then the file stays
    # but no longer changes.
    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()
        path.unlink(missing_ok=True)


def exit_with_run(work: Path) -> None:
    """Start a thread that exits this process when the run no longer writes its heartbeat."""
    threading.Thread(target=_exit_after_run, args=(work / FILE_NAME,), daemon=True).start()


def _exit_after_run(path: Path) -> None:
    content, n_unchanged, n_missing = "", 0, 0
    while n_unchanged < MAX_UNCHANGED_READS and n_missing < MAX_MISSING_READS:
        threading.Event().wait(READ_EVERY_S)
        new = _content(path)
        n_missing = n_missing + 1 if new is None else 0
        n_unchanged = n_unchanged + 1 if new == content else 0
        content = new or content
    # sys.exit would end this thread only.
    os._exit(1)


def _content(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None
