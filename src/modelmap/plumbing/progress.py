"""Progress of long work: a bar on a terminal, and elsewhere a line at most every 30 seconds."""

import sys
import time
from types import TracebackType
from typing import Self

from tqdm import tqdm

LINE_EVERY_S = 30.0
BAR = "{desc}: {percentage:3.0f}%|{bar:20}| {postfix}"
# Below these there is too little to judge by: starting and loading take time, and do no work.
LEAST_SHARE, LEAST_SECONDS = 0.03, 5.0


class Progress:
    """Shows how much of `total` is done, and an estimate of the time that is left.

    Amounts of work are in any unit that is proportional to time, such as operations. The estimate
    is the time that the work since the first amount took, for what is left; there is none until
    3% of the work and 5 seconds have gone by since that first amount.
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
        """Show that `done` of the total is done, with a message such as counts."""
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
        """Return the estimate of the time left at `now`, or None while there is none."""
        if self._first is None:
            return None
        started, done_first = self._first
        seconds, done = now - started, self._done - done_first
        if seconds < LEAST_SECONDS or done < LEAST_SHARE * self._total:
            return None
        return max(0.0, seconds * (self._total - self._done) / done)

    def _left(self, now: float) -> str:
        seconds = self.seconds_left(now)
        return "" if seconds is None else f"about {tqdm.format_interval(seconds)} left"
