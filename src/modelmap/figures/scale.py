"""The colour scale of divergences, which may span many powers of ten."""

from dataclasses import dataclass

import numpy as np
from matplotlib.colors import LogNorm, Normalize, PowerNorm
from matplotlib.ticker import MaxNLocator

from modelmap.plumbing.arrays import Values

SMALLEST = 0.02
"""A logarithmic scale begins near this quantile of the positive values."""
LOG_FROM, SQRT_FROM = 30.0, 4.0
"""Ratios of the largest to the smallest value from which the scale is a logarithm or a root."""
DECADES = 4
"""A logarithmic scale spans at most this many powers of ten."""


@dataclass(frozen=True)
class Scale:
    """A colour scale: its norm, lower end, kind and ticks, and whether values lie below it."""

    norm: Normalize
    low: float
    kind: str
    ticks: list[float]
    has_below: bool

    def share(self, values: Values | float) -> Values:
        """Return the positions of values between the ends of the scale, 0 to 1."""
        inside = np.clip(values, self.low, self.norm.vmax)
        return np.asarray(self.norm(inside), dtype=np.float64)


def scale_for(values: Values) -> Scale:
    """Return the scale for non-negative values.

    It is logarithmic, a square root or linear, depending on the ratio of the largest to the
    smallest. A logarithmic scale begins at a round number; smaller values, including 0, have the
    position of that number.
    """
    positive = values[values > 0]
    largest = float(positive.max()) if len(positive) else 1.0
    smallest = float(np.quantile(positive, SMALLEST)) if len(positive) else largest
    if largest / smallest >= LOG_FROM:
        low = rounded_down(max(smallest, largest / 10**DECADES))
        below = bool((values < low).any())
        return Scale(LogNorm(low, largest), low, "log scale", log_ticks(low, largest), below)
    ticks = [float(t) for t in MaxNLocator(4).tick_values(0, largest) if 0 <= t <= largest]
    if largest / smallest >= SQRT_FROM:
        return Scale(PowerNorm(0.5, 0, largest), 0.0, "square-root scale", ticks, False)
    return Scale(Normalize(0, largest), 0.0, "linear scale", ticks, False)


def rounded_down(value: float) -> float:
    """Return the largest number of the form 1, 2 or 5 times a power of ten, up to `value`."""
    power = 10.0 ** np.floor(np.log10(value))
    slack = 1e-9 * value
    return float(max(step * power for step in (1, 2, 5, 10) if step * power <= value + slack))


def log_ticks(low: float, high: float) -> list[float]:
    """Return powers of ten from low to high, with 2 and 5 times them over less than two decades."""
    powers = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    few = high / low < 100
    ticks = [step * power for power in powers for step in ((1, 2, 5) if few else (1,))]
    return [tick for tick in ticks if low * (1 - 1e-9) <= tick <= high * (1 + 1e-9)]
