"""Cancelling the tasks that wait in Slurm's queue when their run is stopped."""

import os
import signal
import subprocess
from typing import Any
from uuid import uuid4

from hydra.experimental.callback import Callback
from omegaconf import DictConfig, read_write


class CancelWaitingTasks(Callback):
    """Cancels the tasks that have not started when the process that submitted them is terminated.

    The run terminates that process when it ends, and the process terminates itself when the run was
    killed (modelmap.score.app). Tasks that have started notice the end of the run themselves.
    """

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Extend the tasks' name to one of their own, and cancel them by it at SIGTERM."""
        # By name and not by number: Slurm may have accepted tasks whose numbers are not known here
        # yet. With a random name no task of another run is cancelled.
        name = f"{config.hydra.launcher.name}-{uuid4().hex}"
        with read_write(config.hydra):
            config.hydra.launcher.name = name
        signal.signal(signal.SIGTERM, lambda *_: _cancel_and_exit(name))


def _cancel_and_exit(name: str) -> None:
    """Cancel the waiting tasks with this name, then end this process by SIGTERM."""
    try:
        # In a session of its own, because the process group of this process is being ended.
        command = ["scancel", "--state=PENDING", f"--name={name}"]
        subprocess.run(command, start_new_session=True, check=False)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)
