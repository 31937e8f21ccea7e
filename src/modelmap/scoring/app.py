"""The Hydra application whose jobs are workers: modelmap.scoring.launch starts it.

Which launcher runs the jobs, and where, is Hydra's configuration: conf/hardware.
"""

from pathlib import Path

import hydra
from omegaconf import DictConfig

from modelmap.processes import end_with_parent


@hydra.main(version_base="1.3", config_path=None, config_name="hardware")
def main(config: DictConfig) -> None:
    """Run one worker."""
    from modelmap.scoring.work import work

    work(Path(config.order), config.worker)


# The second is what a worker's process calls this file: it may be left before it is given work.
if __name__ in ("__main__", "__mp_main__"):
    end_with_parent()
if __name__ == "__main__":
    main()
