"""Where work runs: device, workers and batch budget. Nothing here changes a number."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf
from pydantic import BaseModel, ConfigDict, Field

from modelmap.errors import UserError
from modelmap.files import checked, read_yaml

READ = ("hardware.yaml", "hardware/*.yaml", "local/*.yaml")


class Hardware(BaseModel):
    """The hardware a run may use."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    device: Annotated[str, Field(pattern=r"^(cpu|cuda(:\d+)?)$")]
    workers: Annotated[int, Field(ge=1)] | Literal["auto"]
    batch_tokens: Annotated[int, Field(ge=1)]
    logits_mb: Annotated[float, Field(gt=0)]
    shard_tflop: Annotated[float, Field(gt=0)]

    def token_budget(self, vocabulary: int) -> int:
        """Return the tokens of one forward pass, padding included, for a vocabulary's logits."""
        return max(1, min(self.batch_tokens, int(self.logits_mb * 1e6 / (4 * vocabulary))))

    @property
    def n_workers(self) -> int:
        """Return the number of processes: with "auto", the cores this process may use."""
        return len(os.sched_getaffinity(0)) if self.workers == "auto" else self.workers


def load_hardware(conf: Path) -> Hardware:
    """Return the hardware composed from conf/hardware.yaml and what this machine chose.

    Raises UserError that names the known choices, or the wrong keys.
    """
    known = sorted(path.stem for path in (conf / "hardware").glob("*.yaml"))
    chosen = os.environ.get("MODELMAP_HARDWARE", "cpu")
    if chosen not in known:
        raise UserError(f"MODELMAP_HARDWARE={chosen}: there are {', '.join(known)}")
    for path in sorted(path for kind in READ for path in conf.glob(kind)):
        read_yaml(path, path.relative_to(conf.parent).as_posix())
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(conf), version_base="1.3"):
            content: Any = OmegaConf.to_container(compose("hardware"), resolve=True)
    except Exception as error:
        # As in resolve.py: Hydra and OmegaConf raise kinds of their own, and Python's.
        raise UserError(f"conf/hardware: {str(error) or type(error).__name__}") from error
    return checked(Hardware, content.get("hardware", {}), f"conf/hardware/{chosen}.yaml")
