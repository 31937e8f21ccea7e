"""Workers anywhere end after the run that started them, and not before."""

import os
import threading
import time
from pathlib import Path

import pytest

from modelmap.score import heartbeat
from modelmap.score.heartbeat import NAME, beating


class Ended(BaseException):
    """Stands for the end of the process."""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beat and look a hundred times faster; end the thread in place of the process."""

    def end(status: int) -> None:
        assert status == 1
        raise Ended

    monkeypatch.setattr(heartbeat, "BEAT_S", 0.01)
    monkeypatch.setattr(heartbeat, "LOOK_S", 0.02)
    monkeypatch.setattr(os, "_exit", end)


def watching(path: Path) -> threading.Thread:
    """Return a thread that watches a run until its end."""

    def look() -> None:
        with pytest.raises(Ended):
            heartbeat._end_after(path)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    return thread


def test_a_worker_lives_as_long_as_the_run(tmp_path: Path) -> None:
    """While the file changes it goes on, however long; when the file is gone it ends."""
    with beating(tmp_path):
        thread = watching(tmp_path / NAME)
        time.sleep(heartbeat.LOOKS_UNCHANGED * heartbeat.LOOK_S * 1.5)
        assert thread.is_alive()
    thread.join(5)
    assert not thread.is_alive()


def test_a_worker_ends_when_the_file_stands_still(tmp_path: Path) -> None:
    """As after the kill of the run, whose file stays."""
    (tmp_path / NAME).write_text("17")
    thread = watching(tmp_path / NAME)
    thread.join(heartbeat.LOOKS_UNCHANGED * heartbeat.LOOK_S * 5)
    assert not thread.is_alive()
