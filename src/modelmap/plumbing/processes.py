"""Settings of all worker processes: one thread each, and exit when the parent exits."""

import os
import threading
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from modelmap.plumbing.errors import UserError

WORKER_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # Progress bars of libraries, which several processes would show at once.
    "TQDM_DISABLE": "1",
    # Where the package kernels is installed, transformers would download code for some models.
    "USE_HUB_KERNELS": "NO",
    # By default glibc returns large arrays to the system when they are freed, and gets the memory
    # again page by page. Keeping it saves a tenth of the time.
    "MALLOC_MMAP_THRESHOLD_": str(1 << 32),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 33),
}

# The extra `score` installs them. The analysis of finished scores does not need them.
MODEL_LIBRARIES = ("torch", "transformers")


def check_models_can_run() -> None:
    """Raise UserError if the libraries that run models are not installed."""
    absent = [name for name in MODEL_LIBRARIES if find_spec(name) is None]
    if absent:
        raise UserError(
            f"models cannot be run without {' and '.join(absent)}: run `make setup`, or "
            "`pip install -e '.[score]'`"
        )


def set_worker_environment() -> None:
    """Set the environment of processes that are started later, so that they run one thread each.

    Raises UserError if the libraries that run models are not installed.
    """
    check_models_can_run()
    os.environ.update(WORKER_ENVIRONMENT)


def start_worker() -> None:
    """Set up this worker process: one torch thread, few messages, exit when its parent exits."""
    import torch

    torch.set_num_threads(1)
    silence_transformers()
    call_when_parent_exits(os.getppid(), lambda: os._exit(1))


def silence_transformers() -> None:
    """Let transformers print errors only, and no progress of its own."""
    from tqdm import tqdm
    from transformers import modeling_gguf_pytorch_utils as gguf_loader
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    # This module uses tqdm itself, and is not reached by the line above.
    gguf_loader.tqdm = partial(tqdm, disable=True)


def exit_with_dvc() -> None:
    """Make this process exit when the DVC command that runs it has exited; without DVC do nothing.

    A stage that ran on after its DVC would later overwrite the results of another run. DVC starts a
    stage through a shell, so that the shell's parent must be watched as well as the shell.
    """
    if "DVC_STAGE" not in os.environ:
        return
    shell = os.getppid()
    dvc = _parent_of(shell)

    def wait() -> None:
        while os.getppid() == shell and _parent_of(shell) == dvc:
            time.sleep(1)
        # Not sys.exit, which would end this thread only. Workers exit with this process.
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _parent_of(process: int) -> int | None:
    """Return the id of a process's parent; None where the system does not say."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return None
    lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return int(lines["PPid"])


def call_when_parent_exits(parent: int, callback: Callable[[], None]) -> None:
    """Call `callback` within about a second after the parent process has exited.

    `parent` is the process id of the parent.
    """

    def wait() -> None:
        # The system gives a process whose parent has exited another parent.
        while os.getppid() == parent:
            time.sleep(1)
        callback()

    threading.Thread(target=wait, daemon=True).start()
