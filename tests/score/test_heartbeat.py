"""Workers anywhere end after the run that started them, and not before."""

import errno
import os
import threading
import time
from pathlib import Path

import pytest

from modelmap.plumbing.files import write_text
from modelmap.score import heartbeat
from modelmap.score.heartbeat import FILE_NAME, writing_heartbeat


class Ended(BaseException):
    """Stands for the end of the process."""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write and read a hundred times more often; end the thread instead of the process."""

    def end(status: int) -> None:
        assert status == 1
        raise Ended

    monkeypatch.setattr(heartbeat, "WRITE_EVERY_S", 0.01)
    monkeypatch.setattr(heartbeat, "READ_EVERY_S", 0.02)
    monkeypatch.setattr(os, "_exit", end)


def watching(path: Path) -> threading.Thread:
    """Return a thread that watches a run until its end."""

    def read() -> None:
        with pytest.raises(Ended):
            heartbeat._exit_after_run(path)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


def test_a_worker_lives_as_long_as_the_run(tmp_path: Path) -> None:
    """While the file changes it goes on, however long; when the file is gone it ends."""
    with writing_heartbeat(tmp_path):
        thread = watching(tmp_path / FILE_NAME)
        time.sleep(heartbeat.MAX_UNCHANGED_READS * heartbeat.READ_EVERY_S * 1.5)
        assert thread.is_alive()
    thread.join(5)
    assert not thread.is_alive()


def test_a_worker_ends_when_the_file_stands_still(tmp_path: Path) -> None:
    """As after the kill of the run, whose file stays."""
    (tmp_path / FILE_NAME).write_text("17")
    thread = watching(tmp_path / FILE_NAME)
    thread.join(heartbeat.MAX_UNCHANGED_READS * heartbeat.READ_EVERY_S * 5)
    assert not thread.is_alive()


def test_a_failed_write_does_not_end_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a full disk: writing goes on, and a worker lives through ten failures."""
    failures = iter(range(10))

    def write(path: Path, text: str) -> None:
        if int(text) > 2 and next(failures, None) is not None:
            raise OSError(errno.ENOSPC, "No space left on device")
        write_text(path, text)

    monkeypatch.setattr(heartbeat, "write_text", write)
    with writing_heartbeat(tmp_path):
        thread = watching(tmp_path / FILE_NAME)
        time.sleep(heartbeat.MAX_UNCHANGED_READS * heartbeat.READ_EVERY_S * 1.5)
        assert thread.is_alive()
        assert int((tmp_path / FILE_NAME).read_text()) > 20
        assert next(failures, None) is None
    thread.join(5)
    assert not thread.is_alive()
