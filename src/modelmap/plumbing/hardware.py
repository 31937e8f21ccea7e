"""Where work runs: device, workers and batch budget. Nothing here changes a number."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf
from pydantic import BaseModel, ConfigDict, Field

from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import checked, read_yaml

READ = ("hardware.yaml", "hardware/*.yaml", "local/*.yaml")
# Which of the project's extras brings a launcher.
EXTRAS = {"submitit": "slurm", "ray": "ray"}


class Hardware(BaseModel):
    """The hardware a run may use."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    device: Annotated[str, Field(pattern=r"^(cpu|cuda(:\d+)?|auto)$")]
    """auto: a model is spread over all devices of its machine."""
    workers: Annotated[int, Field(ge=1)] | Literal["auto"]
    """Processes on this machine; with "auto", as many as cores."""
    scorers: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    """Workers that scoring starts, here or elsewhere; with "auto", one a device or a core."""
    batch_tokens: Annotated[int, Field(ge=1)]
    logits_mb: Annotated[float, Field(gt=0)]
    shard_tflop: Annotated[float, Field(gt=0)]

    def token_budget(self, vocabulary: int, n_weights: int) -> int:
        """Return the tokens of one forward pass, padding included, of a model of that size."""
        by_logits = self.logits_mb * 1e6 / (4 * vocabulary)
        by_work = self.shard_tflop * 1e12 / (2 * n_weights)
        return max(1, int(min(self.batch_tokens, by_logits, by_work)))

    @property
    def bounds(self) -> tuple[float, float, float]:
        """Return all that a token budget depends on beside the model."""
        return self.batch_tokens, self.logits_mb, self.shard_tflop

    @property
    def n_workers(self) -> int:
        """Return the number of processes: with "auto", the cores this process may use."""
        return len(os.sched_getaffinity(0)) if self.workers == "auto" else self.workers

    @property
    def n_scorers(self) -> int:
        """Return the number of workers that score."""
        if self.scorers != "auto":
            return self.scorers
        return _n_devices() if self.device == "cuda" else self.n_workers

    def device_of(self, worker: int) -> str:
        """Return the device of the worker of that number: they take turns where it is "cuda"."""
        return f"cuda:{worker % _n_devices()}" if self.device == "cuda" else self.device


def _n_devices() -> int:
    import torch

    return max(1, int(torch.cuda.device_count()))


def hardware_choice(conf: Path) -> list[str]:
    """Return the Hydra overrides that this machine chose. Raises UserError if there is no such."""
    known = sorted(path.stem for path in (conf / "hardware").glob("*.yaml"))
    chosen = os.environ.get("MODELMAP_HARDWARE")
    if chosen is not None and chosen not in known:
        raise UserError(f"MODELMAP_HARDWARE={chosen}: there are {', '.join(known)}")
    return [] if chosen is None else [f"hardware={chosen}"]


def load_hardware(conf: Path, overrides: Sequence[str] = ()) -> Hardware:
    """Return the hardware composed from conf/hardware.yaml, what this machine chose, and overrides.

    Raises UserError that names the known choices, the wrong keys, or the extra to install.
    """
    for path in sorted(path for kind in READ for path in conf.glob(kind)):
        read_yaml(path, path.relative_to(conf.parent).as_posix())
    chosen = [*hardware_choice(conf), *overrides]
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(conf), version_base="1.3"):
            content: Any = OmegaConf.to_container(compose("hardware", chosen), resolve=True)
    except Exception as error:
        # As in resolve.py: Hydra and OmegaConf raise kinds of their own, and Python's.
        told = str(error) or type(error).__name__
        raise UserError(_without_launcher(told) or f"conf/hardware: {told}") from error
    return checked(Hardware, content.get("hardware", {}), "conf/hardware")


def _without_launcher(told: str) -> str | None:
    """Return what to install where an error tells of a launcher that is not there."""
    for name, extra in EXTRAS.items():
        if f"hydra/launcher/{name}" in told:
            return (
                f"the launcher {name} is not installed: run `pip install -e '.[{extra}]'`, or "
                "choose other hardware"
            )
    return None
