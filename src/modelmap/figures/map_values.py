"""The model map coloured by numbers: size, date, bits per byte and benchmark scores."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from modelmap.figures.inputs import Inputs, counts
from modelmap.figures.scale import log_ticks
from modelmap.figures.style import PALE, PAPER, TEXT_SIZE, WIDTH, axes_at, new_figure, style

COLUMNS = 2
MARGIN, ACROSS, UP, BAR, BAR_ROOM = 0.05, 0.25, 0.3, 0.09, 0.5
"""Inches: around the figure, between panels across and up, and the colour bar and its numbers."""
AREA, SMALLEST_AREA, FULL_SIZE_UP_TO = 22.0, 3.0, 60
"""Square points of a marker, and the models up to which it has its full size."""
LOG_FROM = 5.0
"""Ratio of the largest to the smallest value from which colours are on a log scale."""
DAYS_PER_YEAR = 365.25
HELD_OUT, NO_BENCHMARK = "held-out categories", "mean log-likelihood"
"""The value of `targets_from` without benchmarks, and the target beside them that is none."""


@dataclass(frozen=True)
class Property:
    """A number of models: the title of its panel, and its values."""

    title: str
    values: Callable[[Inputs], pd.Series]
    """By the name of the model; NaN, or no entry, where it is unknown."""


def _size(inputs: Inputs) -> pd.Series:
    models = inputs.table("models.parquet", "model", "n_params").set_index("model")
    return models["n_params"].where(models["n_params"] > 0).astype(float)


def _date(inputs: Inputs) -> pd.Series:
    models = inputs.table("models.parquet", "model", "created").set_index("model")
    days = pd.to_datetime(models["created"], errors="coerce", utc=True, format="ISO8601")
    return (days - pd.Timestamp("1970-01-01", tz="UTC")).dt.days / DAYS_PER_YEAR + 1970


def _bits(inputs: Inputs) -> pd.Series:
    bits = inputs.table("category_bits.parquet", "model", "bits_per_byte")
    return bits.groupby("model")["bits_per_byte"].mean()


def _benchmark(inputs: Inputs) -> pd.Series:
    truths = inputs.table("predictions.parquet", "target", "model", "truth")
    if inputs.metric("predict.json").get("targets_from", HELD_OUT) == HELD_OUT:
        truths = truths.iloc[:0]
    return truths[truths["target"] != NO_BENCHMARK].groupby("model")["truth"].mean()


PROPERTIES = (
    Property("number of parameters", _size),
    Property("year of creation", _date),
    Property("bits per byte, mean over categories", _bits),
    Property("benchmark score, mean over benchmarks", _benchmark),
)


def skip_reason(inputs: Inputs) -> str | None:
    """Return why there is nothing to draw, or None."""
    return None if _known(inputs) else _missing(inputs)


def draw(inputs: Inputs) -> Figure:
    """Return a panel for each property that differs between models, with its colour bar."""
    places = inputs.table("map.parquet", "model", "x", "y").set_index("model")
    known = _known(inputs)
    columns, rows = min(COLUMNS, len(known)), ceil(len(known) / COLUMNS)
    side = (WIDTH - 2 * MARGIN - ACROSS) / COLUMNS - BAR - BAR_ROOM
    tall = side * _shape(places)
    with style():
        width = 2 * MARGIN + columns * (side + BAR + BAR_ROOM + ACROSS) - ACROSS
        figure = new_figure(width, MARGIN + rows * (tall + UP))
        for i, (one, values) in enumerate(known):
            row, column = divmod(i, COLUMNS)
            left = MARGIN + column * (side + BAR + BAR_ROOM + ACROSS)
            below = MARGIN + (rows - 1 - row) * (tall + UP)
            bar = axes_at(figure, left + side + 0.06, below, BAR, tall)
            axes = axes_at(figure, left, below, side, tall)
            _draw_panel(axes, bar, places.join(values.rename("value"), how="left"))
            axes.set_title(one.title, fontsize=TEXT_SIZE, pad=4, loc="left")
        return figure


def _known(inputs: Inputs) -> list[tuple[Property, pd.Series]]:
    """Return the properties that differ between models, with their values."""
    found = [(one, one.values(inputs)) for one in PROPERTIES]
    return [(one, values) for one, values in found if values.nunique() > 1]


def _missing(inputs: Inputs) -> str:
    """Return the properties that are not drawn and why, as "year of creation (not known)"."""
    found = [(one.title, one.values(inputs).nunique()) for one in PROPERTIES]
    return ", ".join(
        f"{title} ({'the same for all' if n_values else 'not known'})"
        for title, n_values in found
        if n_values < 2
    )


def _shape(places: pd.DataFrame) -> float:
    """Return the ratio of height to width of a panel, between 0.6 and 1."""
    across, up = np.ptp(places["x"]), np.ptp(places["y"])
    return float(np.clip(up / max(across, 1e-12), 0.6, 1.0))


def _draw_panel(axes: Axes, bar: Axes, models: pd.DataFrame) -> None:
    """Draw all models, grey where the value is unknown; larger values are drawn last."""
    area = max(SMALLEST_AREA, AREA * min(1.0, FULL_SIZE_UP_TO / len(models)))
    unknown = models[models["value"].isna()]
    axes.scatter(unknown["x"], unknown["y"], s=area, c=PALE, linewidths=0)
    known = models.dropna(subset="value").sort_values("value", kind="stable")
    low, high = float(known["value"].min()), float(known["value"].max())
    is_log = low > 0 and high / low > LOG_FROM
    drawn = axes.scatter(
        known["x"],
        known["y"],
        s=area,
        c=known["value"],
        cmap="cividis",
        norm=LogNorm(low, high) if is_log else Normalize(low, high),
        edgecolors=PAPER,
        linewidths=0.3,
    )
    axes.margins(0.08)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(visible=True, color=PALE)
    many = high > 50 * low > 0
    ticks = log_ticks(low, high) if many else MaxNLocator(5, integer=low > 1900)
    colours = axes.figure.colorbar(drawn, cax=bar, ticks=ticks)
    colours.outline.set_visible(False)
    bar.yaxis.set_minor_locator(NullLocator())
    bar.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))


def _short(value: float) -> str:
    """Return a number with M for millions or B for billions."""
    for size, letter in ((1e9, "B"), (1e6, "M")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def caption(inputs: Inputs) -> str:
    """Return the caption, with the properties that are not drawn and why."""
    titles = [one.title for one, _ in _known(inputs)]
    missing = _missing(inputs)
    return (
        f"The model map coloured by numbers ({counts(inputs)}): {'; '.join(titles)}. M stands for "
        "millions and B for billions; models whose number is unknown are grey."
        f"{f' Not drawn: {missing}.' if missing else ''}"
    )
