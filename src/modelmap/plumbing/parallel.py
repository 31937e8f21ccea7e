"""Applying a function to many items in several processes of one thread each."""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from modelmap.plumbing.processes import set_worker_environment, start_worker
from modelmap.plumbing.progress import Progress

Item = TypeVar("Item")
Result = TypeVar("Result")

MIN_PARALLEL_SECONDS = 5.0
"""With less work left than this, starting processes would take longer than it saves."""


def parallel_map(
    function: Callable[[Item], Result], items: Iterable[Item], n_workers: int, name: str
) -> list[Result]:
    """Return `function(item)` for every item, in order.

    The first item is computed in this process. The others are computed here too if that was quick,
    and in `n_workers` processes otherwise. Progress is shown with `name`.
    """
    waiting = list(items)
    if not waiting:
        return []
    with Progress(name, len(waiting)) as progress:
        started = time.monotonic()
        results = [_in_one_thread(function, waiting[0])]
        progress.update(1)
        left = (time.monotonic() - started) * (len(waiting) - 1)
        n_jobs = n_workers if left > MIN_PARALLEL_SECONDS else 1
        running = Parallel(n_jobs=n_jobs, return_as="generator")(
            delayed(_in_one_thread)(function, item) for item in waiting[1:]
        )
        for result in running:
            results.append(result)
            progress.update(len(results))
    return results


def in_workers(
    function: Callable[[Item], Result], items: Sequence[Item], n_workers: int, name: str
) -> list[Result]:
    """Return `function(item)` for every item, in order, for functions that train or run models.

    Every item is computed in one of `n_workers` new processes of one thread, in which torch is set
    up. Results do not depend on the number of processes, as long as an item has its own random
    generator. Progress is shown with `name`.
    """
    set_worker_environment()
    results: list[Result] = []
    with (
        ProcessPoolExecutor(n_workers, get_context("spawn"), start_worker) as workers,
        Progress(name, len(items)) as progress,
    ):
        for result in workers.map(function, items):
            results.append(result)
            progress.update(len(results), f"{len(results)} of {len(items)} models")
    return results


def _in_one_thread(function: Callable[[Item], Result], item: Item) -> Result:
    # Numerical libraries then add numbers in one order, whatever the number of processes.
    with threadpool_limits(1):
        return function(item)
