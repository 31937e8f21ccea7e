"""A file that a run touches while it lives, so that workers on other machines end after it."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from modelmap.plumbing.files import write_text

NAME = "alive"
BEAT_S = 1.0
LOOK_S = 2.0
# Looks, not seconds: a stopped and resumed machine counts on from where it was. A network file
# system may show a minute-old file.
LOOKS_UNCHANGED = 60
LOOKS_ABSENT = 3


@contextmanager
def beating(work: Path) -> Iterator[None]:
    """Keep workers of the folder alive until the end of the block, or of this process."""
    path, over = work / NAME, threading.Event()
    write_text(path, "0")

    def beat() -> None:
        count = 0
        while not over.wait(BEAT_S):
            count += 1
            write_text(path, str(count))

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        path.unlink(missing_ok=True)


def watch(work: Path) -> None:
    """End this process soon after the run that started it."""
    threading.Thread(target=_end_after, args=(work / NAME,), daemon=True).start()


def _end_after(path: Path) -> None:
    seen, unchanged, absent = "", 0, 0
    while unchanged < LOOKS_UNCHANGED and absent < LOOKS_ABSENT:
        threading.Event().wait(LOOK_S)
        now = _content(path)
        absent = absent + 1 if now is None else 0
        unchanged = unchanged + 1 if now == seen else 0
        seen = now or seen
    os._exit(1)


def _content(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None
