"""Worker processes of the studies that train or run models."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

from modelmap.plumbing.processes import set_worker_environment, start_worker
from modelmap.plumbing.progress import Progress

Task = TypeVar("Task")
Result = TypeVar("Result")


def in_workers(
    function: Callable[[Task], Result], tasks: Sequence[Task], n_workers: int, name: str
) -> list[Result]:
    """Return the result of each task, computed in `n_workers` processes of one thread each.

    Results do not depend on the number of processes, as long as a task has its own random
    generator. Progress is shown with the `name` of the study.
    """
    set_worker_environment()
    results: list[Result] = []
    with (
        ProcessPoolExecutor(n_workers, get_context("spawn"), _start) as workers,
        Progress(name, len(tasks)) as progress,
    ):
        for result in workers.map(function, tasks):
            results.append(result)
            progress.update(len(results), f"{len(results)} of {len(tasks)} models")
    return results


def _start() -> None:
    import torch

    start_worker()
    torch.use_deterministic_algorithms(True)
