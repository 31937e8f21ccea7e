"""A stage exits with the DVC command that runs it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from transformers import modeling_gguf_pytorch_utils as gguf_loader

from modelmap.plumbing.processes import silence_transformers

STAGE = """\
import sys, time
from pathlib import Path
from modelmap.plumbing.processes import exit_with_dvc
exit_with_dvc()
Path(sys.argv[1]).touch()
time.sleep(30)
Path(sys.argv[1]).unlink()
"""
DVC = "import subprocess, sys; subprocess.run(sys.argv[1], shell=True)"


def is_running(process: int) -> bool:
    """Return whether a process is running, and not only waiting to be collected."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def processes_of(marker: Path) -> list[int]:
    """Return the processes that run the stage of a marker file, the shell left out."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if str(marker).encode() in words:
            found.append(int(path.parent.name))
    return [process for process in found if is_running(process)]


def wait_until(condition: object, seconds: float = 15.0) -> bool:
    """Return whether a condition holds before the time is over."""
    assert callable(condition)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("shell", ["{}", "{}; true"], ids=["exec", "shell stays"])
def test_a_stage_exits_when_dvc_is_killed(tmp_path: Path, shell: str) -> None:
    """Whether the shell that DVC starts replaces itself by the stage or waits for it."""
    marker, script = tmp_path / "marker", tmp_path / "stage.py"
    script.write_text(STAGE)
    command = shell.format(f"{sys.executable} {script} {marker}")
    environment = {**os.environ, "DVC_STAGE": "map"}
    dvc = subprocess.Popen([sys.executable, "-c", DVC, command], env=environment)
    assert wait_until(marker.exists)
    dvc.send_signal(signal.SIGKILL)
    dvc.wait()
    assert wait_until(lambda: not processes_of(marker))
    assert marker.exists()


def test_without_dvc_nothing_is_watched(tmp_path: Path) -> None:
    """A command that a person started goes on when its terminal's shell ends."""
    script = "from modelmap.plumbing.processes import exit_with_dvc as e; import threading; e(); "
    check = script + "assert threading.active_count() == 1"
    environment = {key: value for key, value in os.environ.items() if key != "DVC_STAGE"}
    subprocess.run([sys.executable, "-c", check], check=True, env=environment)


def test_the_loader_of_gguf_files_shows_no_progress(capsys: pytest.CaptureFixture[str]) -> None:
    """It uses tqdm itself, which the switch of transformers does not reach."""
    silence_transformers()
    assert list(gguf_loader.tqdm(range(2))) == [0, 1]
    assert capsys.readouterr().err == ""
