"""How often confidence intervals contain the KL of resampled populations, by pair of models."""

from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator, PercentFormatter

from modelmap.figures.colours_and_markers import COLOURS
from modelmap.figures.inputs import ESTIMATES, Inputs
from modelmap.figures.scale import log_ticks
from modelmap.figures.style import INK, PALE, SMALL_SIZE, WIDTH, axes_at, new_figure, style

INTERVALS = ("coverage", "coverage_normal", "coverage_by_text")
"""Columns of the table and metrics: three kinds of intervals, in the order of LABELS."""
LABELS = ("as in kl.parquet", "normal, by document", "normal, texts taken for independent")
SHADES = (COLOURS[0], COLOURS[1], COLOURS[3])
BAND = "#EDEDED"
HEIGHT, LEFT, BOTTOM, MARGIN, GAP, TOP = 2.9, 0.62, 0.42, 0.17, 0.2, 0.3
CURVES_WIDTH = 2.3
"""Inches: the panel over pairs."""
ROOM = 1.4
"""The factor by which the axis of KL extends beyond the values."""
FULL_SIZE_UP_TO = 200
"""Pairs; with more, markers are smaller."""


def skip_reason(inputs: Inputs) -> str | None:
    """Return why there is nothing to draw, or None."""
    reason = inputs.skip_reason("coverage.json")
    if reason is not None:
        return reason
    n_pairs = len(inputs.table("coverage.csv", INTERVALS[0]))
    return "needs at least 2 pairs of models" if n_pairs < 2 else None


def draw(inputs: Inputs) -> Figure:
    """Return coverage by KL at the left, and in ascending order over pairs at the right."""
    table = inputs.table("coverage.csv", "kl_bits_per_byte", *INTERVALS)
    confidence, within = (inputs.metric("coverage.json", key) for key in ("confidence", "within"))
    with style():
        figure = new_figure(WIDTH, HEIGHT)
        up = HEIGHT - BOTTOM - TOP
        across = WIDTH - LEFT - GAP - CURVES_WIDTH - MARGIN
        points = axes_at(figure, LEFT, BOTTOM, across, up)
        curves = axes_at(figure, LEFT + across + GAP, BOTTOM, CURVES_WIDTH, up)
        for axes in (points, curves):
            _draw_level(axes, table, confidence, within)
        _draw_points(points, table)
        _draw_curves(curves, table)
        curves.tick_params(labelleft=False)
        _add_legend(figure)
        return figure


def _draw_level(axes: Axes, table: pd.DataFrame, confidence: float, within: float) -> None:
    """Draw the confidence level with a band around it, and set the limits of coverage."""
    least = min(float(table[list(INTERVALS)].min().min()), confidence - 2 * within)
    low = np.floor(20 * (least - 0.005)) / 20
    axes.axhspan(confidence - within, min(confidence + within, 1.0), color=BAND, zorder=0)
    axes.axhline(confidence, color=INK, linewidth=0.7, zorder=1)
    axes.set_ylim(max(low, -0.01), 1.005)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))


def _draw_points(axes: Axes, table: pd.DataFrame) -> None:
    kl = table["kl_bits_per_byte"].to_numpy()
    area = 9 * min(1.0, FULL_SIZE_UP_TO / len(table)) ** 0.5
    for name, shade, order in ((INTERVALS[1], SHADES[1], 2), (INTERVALS[0], SHADES[0], 3)):
        axes.scatter(kl, table[name], s=area, color=shade, linewidths=0, zorder=order)
    ends = float(kl.min()) / ROOM, float(kl.max()) * ROOM
    axes.set(xscale="log", xlim=ends, xlabel="KL, bits per byte", ylabel="coverage")
    axes.xaxis.set_major_locator(FixedLocator(log_ticks(*ends)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())


def _draw_curves(axes: Axes, table: pd.DataFrame) -> None:
    share = (np.arange(len(table)) + 0.5) / len(table)
    for name, shade, order in zip(INTERVALS, SHADES, (4, 3, 2), strict=True):
        axes.plot(share, np.sort(table[name]), color=shade, linewidth=1.2, zorder=order)
    axes.axvline(0.05, color=PALE, linewidth=0.7, zorder=1)
    axes.set(xlim=(0, 1), xlabel="share of pairs with less coverage")
    axes.set_xticks((0.05, 0.25, 0.5, 0.75, 1.0))
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))


def _add_legend(figure: Figure) -> None:
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


def caption(inputs: Inputs) -> str:
    """Return the caption, with medians of coverage over pairs."""
    metric = partial(inputs.metric, "coverage.json")
    median, normal, by_text = (metric(name, "median") for name in INTERVALS)
    low = metric(INTERVALS[0], "percentile_5")
    return (
        f"Share of {metric('n_replications')} intervals of {metric('confidence'):.0%} that contain "
        "the KL of a finite population of documents from which the texts are resampled, with "
        f"{ESTIMATES[metric('estimate')]}, for {metric('n_pairs')} pairs of models: by KL, and in "
        f"ascending order. The median over pairs is {median:.1%} and the 5th percentile {low:.1%}; "
        f"the median is {normal:.1%} for normal intervals, and {by_text:.1%} if texts are taken "
        f"for independent. The band is the level plus and minus {metric('within'):.0%}."
        f"{_largest_document(inputs)}"
    )


def _largest_document(inputs: Inputs) -> str:
    """Return a sentence on the document that matters most for pairs outside the band, if any."""
    metric = partial(inputs.metric, "coverage.json")
    documents = metric("failing_by_largest_document")
    if not documents:
        return ""
    n_failing = metric("n_failing_below") + metric("n_failing_above")
    return (
        f" In {documents[0]['n_pairs']} of the {n_failing} pairs outside the band, the document "
        f"with the largest part of the variance is {documents[0]['document']}."
    )
