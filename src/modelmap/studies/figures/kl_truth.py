"""KL by simulation against the estimate: a point per pair of models of one tokenizer."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from modelmap.figures.kinship import COLOURS, OTHER_COLOUR
from modelmap.figures.scale import log_ticks
from modelmap.figures.style import (
    INK,
    LEGEND_HANDLE,
    LEGEND_ROW,
    PALE,
    PAPER,
    SMALL_SIZE,
    WIDTH,
    look,
    new_figure,
    place,
    text_width,
)
from modelmap.plumbing.arrays import Values
from modelmap.studies.kl_truth.comparison import BETWEEN, RELATIONS, WITHIN, with_ratios

SHADES = {
    "quantised": COLOURS[0],
    "merge": COLOURS[3],
    "finetune": COLOURS[2],
    "checkpoint": COLOURS[4],
    WITHIN: COLOURS[1],
    BETWEEN: COLOURS[5],
}
SHAPES = ("o", "^", "s", "D")
"""Of tokenizers; more than four share the last."""
ESTIMATE = "estimate_bits_per_byte"
TRUTH, LOW, HIGH = "truth_bits_per_byte", "low_bits_per_byte", "high_bits_per_byte"
PANELS = (
    (None, "simulated KL, bits per byte"),
    (ESTIMATE, "simulated over\nestimated"),
    ("own_variance_bits_per_byte", "simulated over\nown variance"),
    ("like_length_bits_per_byte", "simulated over\nthat at like length"),
    ("half_squares_bits_per_byte", "simulated over\ntoken squares"),
)
"""What the simulated KL is divided by in each panel, and the label of its axis."""
LEFT, BOTTOM, MARGIN, GAP = 0.66, 0.42, 0.08, 0.14
MAIN, LOWER = 2.7, 1.05
"""Inches: heights of the first panel and of those of ratios."""
ROOM = 1.4
"""Room around the points, as a factor."""
FULL_SIZE_UP_TO = 100
"""Pairs; above, markers shrink."""


def skip_reason(table: pd.DataFrame) -> str | None:
    """Return why there is nothing to draw, or None."""
    return "no two models of one tokenizer differ" if with_ratios(table).empty else None


def draw(table: pd.DataFrame) -> Figure:
    """Return simulated over estimated KL, and its ratios to what is meant to equal it."""
    pairs = with_ratios(table)
    relations, tokenizers = relations_in_order(pairs), list(pd.unique(pairs["tokenizer"]))
    with look():
        legend = LEGEND_HANDLE + text_width([*relations, *tokenizers, "Tokenizer"], SMALL_SIZE)
        width = WIDTH - LEFT - GAP - legend - MARGIN
        height = BOTTOM + (len(PANELS) - 1) * (LOWER + GAP) + MAIN + MARGIN
        figure = new_figure(WIDTH, height)
        for below, (divisor, label) in zip(reversed(range(len(PANELS))), PANELS, strict=True):
            bottom = BOTTOM + below * (LOWER + GAP)
            axes = place(figure, LEFT, bottom, width, LOWER if divisor else MAIN)
            values = pairs[[TRUTH, LOW, HIGH]].div(pairs[divisor] if divisor else 1.0, axis=0)
            _points(axes, pairs, values, relations, tokenizers)
            _frame(axes, pairs[ESTIMATE].to_numpy(), values[TRUTH].to_numpy(), bool(divisor))
            axes.set_ylabel(label)
            axes.tick_params(labelbottom=below == 0)
        axes.set_xlabel("estimated KL, bits per byte")
        _legends(figure, relations, tokenizers, legend)
        return figure


def relations_in_order(pairs: pd.DataFrame) -> list[str]:
    """Return the relations that occur: the known ones as in RELATIONS, then others by name."""
    there = set(pairs["relation"])
    return [name for name in RELATIONS if name in there] + sorted(there.difference(RELATIONS))


def log_limits(values: Values) -> tuple[float, float]:
    """Return the ends of a logarithmic axis that holds all values, with room."""
    return float(values.min()) / ROOM, float(values.max()) * ROOM


def shape_of(number: int) -> str:
    """Return the marker of the tokenizer of that number."""
    return SHAPES[min(number, len(SHAPES) - 1)]


def _points(
    axes: Axes,
    pairs: pd.DataFrame,
    values: pd.DataFrame,
    relations: Sequence[str],
    tokenizers: Sequence[str],
) -> None:
    """Draw the pairs, the many between families below the few that are kin."""
    area = 20 * min(1.0, FULL_SIZE_UP_TO / len(pairs)) ** 0.5
    for relation in reversed(relations):
        colour = SHADES.get(relation, OTHER_COLOUR)
        for number, tokenizer in enumerate(tokenizers):
            rows = (pairs["relation"] == relation) & (pairs["tokenizer"] == tokenizer)
            x, inside = pairs.loc[rows, ESTIMATE], values[rows]
            axes.vlines(x, inside[LOW], inside[HIGH], color=colour, linewidth=0.6, zorder=2)
            axes.scatter(
                x,
                inside[TRUTH],
                s=area,
                marker=shape_of(number),
                color=colour,
                edgecolors=PAPER,
                linewidths=0.2,
                zorder=3,
            )


def _frame(axes: Axes, x: Values, y: Values, is_ratio: bool) -> None:
    """Set the scales, and draw the line on which both KLs are the same."""
    across = log_limits(x)
    up = log_limits(np.append(y, [0.5, 2.0]) if is_ratio else np.append(y, x))
    axes.plot(across, (1, 1) if is_ratio else across, color=INK, linewidth=0.7, zorder=4)
    axes.set(xscale="log", yscale="log", xlim=across, ylim=up)
    for axis, ends in ((axes.xaxis, across), (axes.yaxis, up)):
        axis.set_major_locator(FixedLocator(log_ticks(*ends)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_locator(NullLocator())
    axes.grid(color=PALE, linewidth=0.3)
    axes.set_axisbelow(True)


def _legends(
    figure: Figure, relations: Sequence[str], tokenizers: Sequence[str], width: float
) -> None:
    across, up = figure.get_size_inches()
    entries = {
        "Relation": [(name, "o", SHADES.get(name, OTHER_COLOUR)) for name in relations],
        "Tokenizer": [(name, shape_of(i), INK) for i, name in enumerate(tokenizers)],
    }
    top = up - MARGIN
    for title, rows in entries.items():
        figure.legend(
            handles=[
                Line2D([], [], linestyle="", marker=shape, markersize=5, color=colour, label=name)
                for name, shape, colour in rows
            ],
            title=title,
            loc="upper left",
            bbox_to_anchor=((across - MARGIN - width) / across, top / up),
            alignment="left",
            handlelength=1.2,
        )
        top -= LEGEND_ROW * (len(rows) + 2.2)


def caption(table: pd.DataFrame) -> str:
    """Return the caption, every number in it computed from the table."""
    pairs = with_ratios(table)
    n_texts = int(table["n_texts"].iloc[0])
    return (
        f"KL divergence by simulation against the estimate, {len(pairs)} pairs of models of one "
        f"tokenizer: {n_texts} texts drawn from each model, as long in tokens as the project's, "
        "mean of both directions, with 95% intervals of the simulation alone; on the black line "
        "both agree. Simulated over estimated has median "
        f"{_spread(pairs['truth_over_estimate'])}; over half the variance on the drawn texts "
        f"themselves {_spread(pairs['truth_over_own_variance'])}; over that between texts of like "
        f"length {_spread(pairs['truth_over_like_length'])}; over half the squared token "
        f"differences on {n_texts} texts of the project "
        f"{_spread(pairs['truth_over_half_squares'])}."
    )


def _spread(ratio: pd.Series) -> str:
    low, high = ratio.quantile(0.05), ratio.quantile(0.95)
    return f"{ratio.median():.2f}, 90% of the pairs {low:.2f} to {high:.2f}"
