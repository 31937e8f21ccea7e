"""What every worker process of the project shares: one thread, and an end with its parent."""

import os
import threading
import time
from collections.abc import Callable
from importlib.util import find_spec

from modelmap.plumbing.errors import UserError

# glibc gives large freed arrays back to the system at once and asks for them again, page by
# page: keeping them saves a tenth of the time.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # Libraries' own bars, several processes at once; the project's are in the parent.
    "TQDM_DISABLE": "1",
    "MALLOC_MMAP_THRESHOLD_": str(1 << 32),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 33),
}

# The extra `score` brings them: the analysis of finished scores runs without.
RUN_MODELS = ("torch", "transformers")


def check_models_can_run() -> None:
    """Raise UserError if what runs models is not installed."""
    absent = [name for name in RUN_MODELS if find_spec(name) is None]
    if absent:
        raise UserError(
            f"models cannot be run without {' and '.join(absent)}: run `make setup`, or "
            "`pip install -e '.[score]'`"
        )


def set_worker_environment() -> None:
    """Make processes started from here on run one thread each. Raises UserError without torch."""
    check_models_can_run()
    os.environ.update(ONE_THREAD)


def start_worker() -> None:
    """Prepare this process to work: one torch thread, quiet transformers, no orphaned life."""
    import torch
    from transformers.utils import logging

    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    when_left_by(os.getppid(), lambda: os._exit(1))


def when_left_by(parent: int, end: Callable[[], None]) -> None:
    """Call `end` soon after this process is no longer the child of `parent`."""

    def wait() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        end()

    threading.Thread(target=wait, daemon=True).start()
