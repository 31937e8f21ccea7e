"""The same function on many items, in processes of one thread, with results in order."""

import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from modelmap.plumbing.progress import Progress

Item = TypeVar("Item")
Result = TypeVar("Result")

WORTH_SECONDS = 5.0
"""Starting processes takes longer than it saves where less work than this is left."""


def each(
    function: Callable[[Item], Result], items: Iterable[Item], n_workers: int, name: str
) -> list[Result]:
    """Return `function` of every item, in order, the same whatever the number of workers.

    The first item is computed in this process, and so are the others if that was quick. Progress
    is shown under `name`.
    """
    waiting = list(items)
    if not waiting:
        return []
    with Progress(name, len(waiting)) as progress:
        started = time.monotonic()
        results = [_alone(function, waiting[0])]
        progress.update(1)
        left = (time.monotonic() - started) * (len(waiting) - 1)
        n_jobs = n_workers if left > WORTH_SECONDS else 1
        running = Parallel(n_jobs=n_jobs, return_as="generator")(
            delayed(_alone)(function, item) for item in waiting[1:]
        )
        for result in running:
            results.append(result)
            progress.update(len(results))
    return results


def _alone(function: Callable[[Item], Result], item: Item) -> Result:
    with threadpool_limits(1):
        return function(item)
