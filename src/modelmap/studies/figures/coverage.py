"""How often confidence intervals hold the KL of resampled populations: by KL, and over pairs."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator, PercentFormatter

from modelmap.figures.kinship import COLOURS
from modelmap.figures.scale import log_ticks
from modelmap.figures.style import INK, PALE, SMALL_SIZE, WIDTH, look, new_figure, place
from modelmap.studies.coverage.intervals import INTERVALS, WITHIN, fails

LABELS = ("as in kl.parquet", "normal, by document", "normal, texts taken for independent")
SHADES = (COLOURS[0], COLOURS[1], COLOURS[3])
BAND = "#EDEDED"
HEIGHT, LEFT, BOTTOM, MARGIN, GAP, TOP = 2.9, 0.62, 0.42, 0.17, 0.2, 0.3
CURVES_WIDTH = 2.3
"""Inches: the panel over pairs."""
ROOM = 1.4
"""Room around the KLs, as a factor."""
FULL_SIZE_UP_TO = 200
"""Pairs; above, markers shrink."""


def skip_reason(table: pd.DataFrame) -> str | None:
    """Return why there is nothing to draw, or None."""
    return "needs at least 2 pairs of models" if len(table) < 2 else None


def draw(table: pd.DataFrame, confidence: float) -> Figure:
    """Return coverage by KL at the left, and in ascending order over pairs at the right."""
    with look():
        figure = new_figure(WIDTH, HEIGHT)
        up = HEIGHT - BOTTOM - TOP
        across = WIDTH - LEFT - GAP - CURVES_WIDTH - MARGIN
        points = place(figure, LEFT, BOTTOM, across, up)
        curves = place(figure, LEFT + across + GAP, BOTTOM, CURVES_WIDTH, up)
        for axes in (points, curves):
            _level(axes, table, confidence)
        _points(points, table)
        _curves(curves, table)
        curves.tick_params(labelleft=False)
        _legend(figure)
        return figure


def _level(axes: Axes, table: pd.DataFrame, confidence: float) -> None:
    """Draw the level and what counts as near it; set the axis of coverages."""
    least = min(float(table[list(INTERVALS)].min().min()), confidence - 2 * WITHIN)
    low = np.floor(20 * (least - 0.005)) / 20
    axes.axhspan(confidence - WITHIN, min(confidence + WITHIN, 1.0), color=BAND, zorder=0)
    axes.axhline(confidence, color=INK, linewidth=0.7, zorder=1)
    axes.set_ylim(max(low, -0.01), 1.005)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))


def _points(axes: Axes, table: pd.DataFrame) -> None:
    kl = table["kl_bits_per_byte"].to_numpy()
    area = 9 * min(1.0, FULL_SIZE_UP_TO / len(table)) ** 0.5
    for name, shade, order in ((INTERVALS[1], SHADES[1], 2), (INTERVALS[0], SHADES[0], 3)):
        axes.scatter(kl, table[name], s=area, color=shade, linewidths=0, zorder=order)
    ends = float(kl.min()) / ROOM, float(kl.max()) * ROOM
    axes.set(xscale="log", xlim=ends, xlabel="KL, bits per byte", ylabel="coverage")
    axes.xaxis.set_major_locator(FixedLocator(log_ticks(*ends)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())


def _curves(axes: Axes, table: pd.DataFrame) -> None:
    share = (np.arange(len(table)) + 0.5) / len(table)
    for name, shade, order in zip(INTERVALS, SHADES, (4, 3, 2), strict=True):
        axes.plot(share, np.sort(table[name]), color=shade, linewidth=1.2, zorder=order)
    axes.axvline(0.05, color=PALE, linewidth=0.7, zorder=1)
    axes.set(xlim=(0, 1), xlabel="share of pairs with less coverage")
    axes.set_xticks((0.05, 0.25, 0.5, 0.75, 1.0))
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))


def _legend(figure: Figure) -> None:
    figure.legend(
        handles=[
            Line2D([], [], color=shade, linewidth=2.0, label=label)
            for label, shade in zip(LABELS, SHADES, strict=True)
        ],
        loc="upper left",
        bbox_to_anchor=(LEFT / WIDTH, 1 - 0.06 / HEIGHT),
        ncols=len(LABELS),
        handlelength=1.2,
        columnspacing=1.5,
        fontsize=SMALL_SIZE,
    )


def caption(table: pd.DataFrame, confidence: float, n_replications: int) -> str:
    """Return the caption, every number in it computed from the table."""
    medians = [f"{table[name].median():.1%}" for name in INTERVALS]
    failing = table[fails(table["coverage"], confidence)]
    rows = failing["largest_document"].value_counts()
    ruled = (
        f" One document, {rows.index[0]}, has more of the variance than any other in "
        f"{rows.iloc[0]} of the {len(failing)} pairs outside the band."
        if len(failing)
        else ""
    )
    return (
        f"How many of {n_replications} intervals of {confidence:.0%} hold the KL of a finite "
        f"population of documents that the texts are resampled from, for {len(table)} pairs of "
        f"models, by KL and in ascending order. Median over pairs {medians[0]}, 5th percentile "
        f"{table['coverage'].quantile(0.05):.1%}; of normal intervals {medians[1]}, with texts "
        f"taken for independent {medians[2]}. The band is the level and {WITHIN:.0%} either "
        f"way.{ruled}"
    )
