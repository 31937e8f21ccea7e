import math
import os

import pytest

from modelmap.plumbing import parallel
from modelmap.plumbing.parallel import in_workers, parallel_map


def _square(number: int) -> int:
    return number * number


def _process(_: int) -> int:
    return os.getpid()


def test_results_are_in_order_whatever_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """One worker and two give the same list, in this process or in others."""
    expected = [n * n for n in range(9)]
    for worth in (1000.0, -1.0):
        monkeypatch.setattr(parallel, "MIN_PARALLEL_SECONDS", worth)
        assert parallel_map(_square, range(9), 1, "squares") == expected
        assert parallel_map(_square, range(9), 2, "squares") == expected
    assert parallel_map(_square, [], 2, "squares") == []


def test_long_work_is_shared_with_other_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """With two workers all items but the first are worked on elsewhere."""
    monkeypatch.setattr(parallel, "MIN_PARALLEL_SECONDS", -1.0)
    where = parallel_map(_process, range(5), 2, "processes")
    assert where[0] == os.getpid()
    assert os.getpid() not in where[1:]


def test_short_work_is_done_here() -> None:
    """Starting processes would take longer than the work."""
    assert set(parallel_map(_process, range(5), 2, "processes")) == {os.getpid()}


def test_results_of_workers_are_in_the_order_of_the_items() -> None:
    """Whichever process computes them."""
    assert in_workers(math.sqrt, [1.0, 4.0, 9.0], 1, "roots") == [1, 2, 3]
