"""The Hydra application that modelmap.score.launch starts: each of its jobs is one worker.

The launcher that runs the jobs is selected in Hydra's configuration, conf/hardware.
"""

import os
import signal
from pathlib import Path

import hydra
from omegaconf import DictConfig

from modelmap.plumbing.processes import call_when_parent_exits

PARENT_VARIABLE = "MODELMAP_SCORER"
"""The environment variable with the process id of the run that started this application."""


@hydra.main(version_base="1.3", config_path=None, config_name="hardware")
def main(config: DictConfig) -> None:
    """Run the worker with the number `config.worker` on the job list `config.job_list`."""
    # Imported here because it imports torch, which the launcher's own process does not need.
    from modelmap.score.work import work

    work(Path(config.job_list), config.worker)


def end_group() -> None:
    """Terminate this process and all processes that it started on this machine."""
    # A worker that has not received its job yet would otherwise wait for it forever.
    os.killpg(0, signal.SIGTERM)


if __name__ == "__main__":
    call_when_parent_exits(int(os.environ[PARENT_VARIABLE]), end_group)
    main()
