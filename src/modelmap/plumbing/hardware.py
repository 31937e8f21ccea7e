"""The hardware that a run uses: device, number of processes, size of batches."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf
from pydantic import BaseModel, ConfigDict, Field

from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import checked, read_yaml

CONFIG_FILES = ("hardware.yaml", "hardware/*.yaml", "local/*.yaml")
# The extra of this project that installs each launcher.
EXTRAS = {"submitit": "slurm", "ray": "ray"}


class Hardware(BaseModel):
    """The hardware that a run may use, and how batches are bounded on it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    device: Annotated[str, Field(pattern=r"^(cpu|cuda(:\d+)?|auto)$")]
    """With "auto", a model is spread over all devices of its machine."""
    workers: Annotated[int, Field(ge=1)] | Literal["auto"]
    """Number of processes on this machine; with "auto", one per core."""
    scorers: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    """Number of workers of scoring, on this or other machines; with "auto", one per CUDA device, or
    else `workers`."""
    batch_tokens: Annotated[int, Field(ge=1)]
    """Most tokens in a forward pass."""
    logits_mb: Annotated[float, Field(gt=0)]
    """Most megabytes of logits (float32) in a forward pass."""
    shard_tflop: Annotated[float, Field(gt=0)]
    """Most operations in a forward pass, in units of 1e12."""

    def token_budget(self, vocabulary: int, n_weights: int) -> int:
        """Return the most tokens of one forward pass, padding included, for a model of that size.

        `vocabulary` is the number of logits per token.
        """
        # float32 logits take 4 bytes each, and a forward pass about 2 operations per weight and
        # token.
        by_logits = self.logits_mb * 1e6 / (4 * vocabulary)
        by_work = self.shard_tflop * 1e12 / (2 * n_weights)
        return max(1, int(min(self.batch_tokens, by_logits, by_work)))

    @property
    def bounds(self) -> tuple[float, float, float]:
        """The three numbers that a token budget depends on, apart from the model."""
        return self.batch_tokens, self.logits_mb, self.shard_tflop

    @property
    def n_workers(self) -> int:
        """The number of processes; with "auto", the number of cores that this process may use."""
        return len(os.sched_getaffinity(0)) if self.workers == "auto" else self.workers

    @property
    def n_scorers(self) -> int:
        """The number of workers of scoring."""
        if self.scorers != "auto":
            return self.scorers
        return _n_devices() if self.device == "cuda" else self.n_workers

    def device_of(self, worker: int) -> str:
        """Return the device of a worker, by its number: workers share CUDA devices in turn."""
        return f"cuda:{worker % _n_devices()}" if self.device == "cuda" else self.device


def _n_devices() -> int:
    import torch

    return max(1, int(torch.cuda.device_count()))


def hardware_choice(conf: Path) -> list[str]:
    """Return the Hydra overrides for the hardware that the variable MODELMAP_HARDWARE names.

    Raises UserError if there is no such hardware in conf/hardware.
    """
    known = sorted(path.stem for path in (conf / "hardware").glob("*.yaml"))
    chosen = os.environ.get("MODELMAP_HARDWARE")
    if chosen is not None and chosen not in known:
        raise UserError(f"MODELMAP_HARDWARE={chosen}: there are {', '.join(known)}")
    return [] if chosen is None else [f"hardware={chosen}"]


def load_hardware(conf: Path, overrides: Sequence[str] = ()) -> Hardware:
    """Return the hardware of conf/hardware.yaml, with the choice of this machine and `overrides`.

    Raises UserError that names the known choices, the wrong keys, or the extra to install.
    """
    for path in sorted(path for kind in CONFIG_FILES for path in conf.glob(kind)):
        read_yaml(path, path.relative_to(conf.parent).as_posix())
    chosen = [*hardware_choice(conf), *overrides]
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(conf), version_base="1.3"):
            content: Any = OmegaConf.to_container(compose("hardware", chosen), resolve=True)
    except Exception as error:
        # Hydra and OmegaConf raise exceptions of many kinds, also those of Python itself.
        message = str(error) or type(error).__name__
        raise UserError(_missing_launcher(message) or f"conf/hardware: {message}") from error
    if others := [key for key in content if key != "hardware"]:
        raise UserError(
            f"conf/hardware or conf/local: unknown sections {listed(others)}: only hardware and "
            "hydra have an effect, and the first line must be `# @package _global_`"
        )
    return checked(Hardware, content.get("hardware", {}), "conf/hardware")


def _missing_launcher(message: str) -> str | None:
    """Return what to install if the message of an error names a launcher that is not installed."""
    for name, extra in EXTRAS.items():
        if f"hydra/launcher/{name}" in message:
            return (
                f"the launcher {name} is not installed: run `pip install -e '.[{extra}]'`, or "
                "choose other hardware"
            )
    return None
