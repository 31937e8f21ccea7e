"""What the tests of studies that make models share."""

from collections.abc import Callable, Iterator
from types import ModuleType

import pytest
import torch


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[ModuleType], None]]:
    """Return a function by which the stage of a study computes in this process, in one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)

    def change(stage: ModuleType) -> None:
        monkeypatch.setattr(
            stage, "in_workers", lambda call, items, *_: [call(one) for one in items]
        )
        monkeypatch.setattr(stage, "load_hardware", lambda _: type("One", (), {"n_workers": 1}))

    yield change
    torch.set_num_threads(before)
