"""The same function on many items, in processes of one thread, with results in order."""

import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits
from tqdm import tqdm

Item = TypeVar("Item")
Result = TypeVar("Result")

WORTH_SECONDS = 5.0
"""Work left after the first item, below which starting processes takes longer than it saves."""


def each(
    function: Callable[[Item], Result], items: Iterable[Item], n_workers: int, told: str
) -> list[Result]:
    """Return `function` of every item, in order, the same whatever the number of workers.

    The first item is worked on here, and the rest too if it was quick. Progress is shown under
    the name `told` where standard error is a terminal.
    """
    listed = list(items)
    if not listed:
        return []
    with tqdm(total=len(listed), desc=told, disable=None, leave=False) as progress:
        began = time.monotonic()
        results = [_alone(function, listed[0])]
        progress.update()
        left = (time.monotonic() - began) * (len(listed) - 1)
        n_jobs = n_workers if left > WORTH_SECONDS else 1
        running = Parallel(n_jobs=n_jobs, return_as="generator")(
            delayed(_alone)(function, item) for item in listed[1:]
        )
        for result in running:
            results.append(result)
            progress.update()
    return results


def _alone(function: Callable[[Item], Result], item: Item) -> Result:
    with threadpool_limits(1):
        return function(item)
