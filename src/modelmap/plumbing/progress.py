"""Progress of long work: a bar on a terminal, otherwise a line at most every 30 seconds."""

import sys
import time
from types import TracebackType
from typing import Self

from tqdm import tqdm

LINE_EVERY_S = 30.0
BAR = "{desc}: {percentage:3.0f}%|{bar:20}| {postfix}"
# With less than this done an estimate would mean little, because starting takes time as well.
MIN_SHARE, MIN_SECONDS = 0.03, 5.0


class Progress:
    """Shows how much of `total` is done, and an estimate of the time left.

    Amounts of work may be in any unit that is proportional to time, such as operations. The time
    left is estimated from the speed since the first update, and shown once 3% of the work and 5
    seconds have passed since then.
    """

    def __init__(self, name: str, total: float) -> None:
        self._name, self._total = name, total
        self._on_terminal = sys.stderr.isatty()
        self._first: tuple[float, float] | None = None
        self._done = 0.0
        self._last_line = time.monotonic()
        self._bar = tqdm(total=total, desc=name, bar_format=BAR, disable=not self._on_terminal)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._bar.close()

    def update(self, done: float, message: str = "") -> None:
        """Show that the amount `done` of the total is done, with an optional message."""
        now = time.monotonic()
        if self._first is None and done > 0:
            self._first = now, done
        self._done = done
        line = ", ".join(filter(None, (message, self._left(now))))
        if self._on_terminal:
            self._bar.set_postfix_str(line, refresh=False)
            self._bar.update(done - self._bar.n)
        elif now - self._last_line >= LINE_EVERY_S:
            self._last_line = now
            share = f"{done / self._total:.0%}"
            print(
                f"{self._name}: {', '.join(filter(None, (share, line)))}",
                file=sys.stderr,
                flush=True,
            )

    def seconds_left(self, now: float) -> float | None:
        """Return the estimated time left at the time `now`, or None if it is too early."""
        if self._first is None:
            return None
        started, done_first = self._first
        seconds, done = now - started, self._done - done_first
        if seconds < MIN_SECONDS or done < MIN_SHARE * self._total:
            return None
        return max(0.0, seconds * (self._total - self._done) / done)

    def _left(self, now: float) -> str:
        seconds = self.seconds_left(now)
        return "" if seconds is None else f"about {tqdm.format_interval(seconds)} left"
