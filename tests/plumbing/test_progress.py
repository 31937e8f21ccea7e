"""Progress is estimated from the work that is left, once there is something to judge by."""

import pytest

from modelmap.plumbing import progress as module
from modelmap.plumbing.progress import Progress


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock that progress reads."""
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    return made


def test_the_estimate_leaves_out_the_start_and_comes_late_enough(clock: Clock) -> None:
    """Ten units of a hundred in 20 s after the first: 89 units are left, about 178 s."""
    with Progress("work", 100.0) as shown:
        clock.now += 60.0
        shown.update(1.0)
        assert shown.seconds_left(clock.now) is None
        clock.now += 4.0
        shown.update(11.0)
        assert shown.seconds_left(clock.now) is None
        clock.now += 16.0
        assert shown.seconds_left(clock.now) == pytest.approx(178.0)


def test_a_small_share_gives_no_estimate(clock: Clock) -> None:
    """Below 3% of the work even a long time says nothing."""
    with Progress("work", 100.0) as shown:
        shown.update(1.0)
        clock.now += 500.0
        shown.update(3.5)
        assert shown.seconds_left(clock.now) is None


def test_without_a_terminal_there_is_a_line_at_most_every_30_seconds(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    """Short work writes nothing; long work the share, the message and the estimate."""
    with Progress("work", 200.0) as shown:
        for done in range(1, 121):
            clock.now += 1.0
            shown.update(float(done), f"{done} of 200 models")
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "work: 15%, 30 of 200 models, about 02:50 left",
        "work: 30%, 60 of 200 models, about 02:20 left",
        "work: 45%, 90 of 200 models, about 01:50 left",
        "work: 60%, 120 of 200 models, about 01:20 left",
    ]
