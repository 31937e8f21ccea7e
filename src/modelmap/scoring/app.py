"""The Hydra application whose jobs are workers: modelmap.scoring.launch starts it.

Which launcher runs the jobs, and where, is Hydra's configuration: conf/hardware.
"""

import os
import signal
import threading
import time
from pathlib import Path

import hydra
from omegaconf import DictConfig

SCORER = "MODELMAP_SCORER"
"""The variable that holds the number of the process that started this one."""


@hydra.main(version_base="1.3", config_path=None, config_name="hardware")
def main(config: DictConfig) -> None:
    """Run one worker."""
    from modelmap.scoring.work import work

    work(Path(config.order), config.worker)


def end_with(scorer: int) -> None:
    """End this process and all that it started here once the scorer is no longer its parent.

    All at once: a worker that has not been given its work yet would wait for it forever.
    """
    while os.getppid() == scorer:
        time.sleep(1)
    os.killpg(0, signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=end_with, args=(int(os.environ[SCORER]),), daemon=True).start()
    main()
