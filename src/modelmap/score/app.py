"""The Hydra application whose jobs are workers: modelmap.score.launch starts it.

Which launcher runs the jobs, and where, is Hydra's configuration: conf/hardware.
"""

import os
import signal
from pathlib import Path

import hydra
from omegaconf import DictConfig

from modelmap.plumbing.processes import when_left_by

SCORER = "MODELMAP_SCORER"
"""The variable that holds the number of the process that started this one."""


@hydra.main(version_base="1.3", config_path=None, config_name="hardware")
def main(config: DictConfig) -> None:
    """Run one worker."""
    from modelmap.score.work import work

    work(Path(config.job_list), config.worker)


def end_group() -> None:
    """End this process and all that it started here.

    A worker that has not been given its work yet would wait for it forever.
    """
    os.killpg(0, signal.SIGTERM)


if __name__ == "__main__":
    when_left_by(int(os.environ[SCORER]), end_group)
    main()
