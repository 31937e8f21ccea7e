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


if __name__ == "__main__":
    end_with_parent()
    main()
