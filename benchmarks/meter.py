"""Seconds and peak memory of the steps of a benchmark, on Linux."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Meter:
    """Measures steps: seconds, seconds of processors, and the peak memory of this process."""

    def __init__(self) -> None:
        self.steps: dict[str, dict[str, float]] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure what is run in the context."""
        # Linux then begins to measure the peak anew.
        Path("/proc/self/clear_refs").write_text("5")
        wall, processors = time.perf_counter(), time.process_time()
        yield
        self.steps[name] = {
            "seconds": round(time.perf_counter() - wall, 1),
            "processor_seconds": round(time.process_time() - processors, 1),
            "peak_gb": round(peak_gb(), 2),
        }
        print(name, self.steps[name], flush=True)


def peak_gb(pid: int | None = None) -> float:
    """Return the peak memory of a process, by default of this one, in gigabytes."""
    status = Path(f"/proc/{'self' if pid is None else pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1e6
