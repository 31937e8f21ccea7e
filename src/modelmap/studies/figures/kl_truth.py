"""The simulated and the estimated KL: a point per pair of models with the same tokenizer."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from modelmap.figures.colours_and_markers import COLOURS, OTHER_COLOUR
from modelmap.figures.inputs import Inputs
from modelmap.figures.scale import log_ticks
from modelmap.figures.style import (
    INK,
    LEGEND_HANDLE,
    LEGEND_ROW,
    PALE,
    PAPER,
    SMALL_SIZE,
    WIDTH,
    axes_at,
    new_figure,
    style,
    text_width,
)
from modelmap.plumbing.arrays import Values

SHADES = {
    "quantised": COLOURS[0],
    "merge": COLOURS[3],
    "finetune": COLOURS[2],
    "checkpoint": COLOURS[4],
    "within family": COLOURS[1],
    "between families": COLOURS[5],
}
SHAPES = ("o", "^", "s", "D")
"""Markers of tokenizers. From the fourth on, tokenizers share the last one."""
ESTIMATE = "estimate_bits_per_byte"
TRUTH, LOW, HIGH = "truth_bits_per_byte", "low_bits_per_byte", "high_bits_per_byte"
PANELS = (
    (None, "simulated KL, bits per byte"),
    (ESTIMATE, "simulated over\nestimated"),
    ("own_variance_bits_per_byte", "simulated over\nown variance"),
    ("like_length_bits_per_byte", "simulated over\nthat at like length"),
    ("half_squares_bits_per_byte", "simulated over\ntoken squares"),
)
"""The column by which the simulated KL is divided in each panel, and the label of its axis."""
POSITIVE = [TRUTH, *(column for column, _ in PANELS if column), "on_texts_bits_per_byte"]
"""Columns that are above zero for the pairs that the metrics count."""
LEFT, BOTTOM, MARGIN, GAP = 0.66, 0.42, 0.08, 0.14
MAIN, LOWER = 2.7, 1.05
"""Inches: the heights of the first panel and of the panels of ratios."""
ROOM = 1.4
"""The factor by which axes extend beyond the points."""
FULL_SIZE_UP_TO = 100
"""Pairs; with more, markers are smaller."""


def skip_reason(inputs: Inputs) -> str | None:
    """Return why there is nothing to draw, or None."""
    return "no two models of one tokenizer differ" if positive_pairs(inputs).empty else None


def positive_pairs(inputs: Inputs) -> pd.DataFrame:
    """Return the pairs whose KLs are all above zero, which logarithmic axes can show."""
    table = inputs.table("kl_truth.csv", "tokenizer", "relation", LOW, HIGH, *POSITIVE)
    return table[(table[POSITIVE] > 0).all(axis=1)]


def draw(inputs: Inputs) -> Figure:
    """Return the simulated by the estimated KL, and the ratios of the simulated KL to others."""
    pairs = positive_pairs(inputs)
    relations = list(inputs.metric("kl_truth.json", "by_relation"))
    tokenizers = list(pd.unique(pairs["tokenizer"]))
    with style():
        legend = LEGEND_HANDLE + text_width([*relations, *tokenizers, "Tokenizer"], SMALL_SIZE)
        width = WIDTH - LEFT - GAP - legend - MARGIN
        height = BOTTOM + (len(PANELS) - 1) * (LOWER + GAP) + MAIN + MARGIN
        figure = new_figure(WIDTH, height)
        for below, (divisor, label) in zip(reversed(range(len(PANELS))), PANELS, strict=True):
            bottom = BOTTOM + below * (LOWER + GAP)
            axes = axes_at(figure, LEFT, bottom, width, LOWER if divisor else MAIN)
            values = pairs[[TRUTH, LOW, HIGH]].div(pairs[divisor] if divisor else 1.0, axis=0)
            _draw_points(axes, pairs, values, relations, tokenizers)
            _set_axes(axes, pairs[ESTIMATE].to_numpy(), values[TRUTH].to_numpy(), bool(divisor))
            axes.set_ylabel(label)
            axes.tick_params(labelbottom=below == 0)
        axes.set_xlabel("estimated KL, bits per byte")
        _add_legends(figure, relations, tokenizers, legend)
        return figure


def log_limits(values: Values) -> tuple[float, float]:
    """Return the limits of a logarithmic axis that holds all values."""
    return float(values.min()) / ROOM, float(values.max()) * ROOM


def shape_of(number: int) -> str:
    """Return the marker of the tokenizer of that number."""
    return SHAPES[min(number, len(SHAPES) - 1)]


def _draw_points(
    axes: Axes,
    pairs: pd.DataFrame,
    values: pd.DataFrame,
    relations: Sequence[str],
    tokenizers: Sequence[str],
) -> None:
    """Draw the pairs, the many between families behind the few of related models."""
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


def _set_axes(axes: Axes, x: Values, y: Values, is_ratio: bool) -> None:
    """Set the scales, and draw the line on which both KLs are equal."""
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


def _add_legends(
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


def caption(inputs: Inputs) -> str:
    """Return the caption, with quantiles of the ratios over pairs."""
    n_texts = inputs.metric("kl_truth.json", "n_texts_drawn_per_model")
    return (
        "Simulated and estimated KL divergence of "
        f"{inputs.metric('kl_truth.json', 'all_pairs', 'n_pairs')} pairs of models of one "
        f"tokenizer. {n_texts} texts are drawn from each model, as long in tokens as those of the "
        "project; the simulated KL is the mean of both directions, with 95% intervals of the "
        "simulation alone. On the black line both KLs are equal. The median of the simulated over "
        f"the estimated KL is {_quantiles(inputs, 'estimate')}; over half the variance on the "
        f"drawn texts themselves {_quantiles(inputs, 'own_variance')}; over that between texts of "
        f"similar length {_quantiles(inputs, 'like_length')}; over half the squared differences of "
        f"tokens on {n_texts} texts of the project {_quantiles(inputs, 'half_squares')}."
    )


def _quantiles(inputs: Inputs, divisor: str) -> str:
    low, middle, high = (
        inputs.metric("kl_truth.json", "all_pairs", f"truth_over_{divisor}", key)
        for key in ("q5", "q50", "q95")
    )
    return f"{middle:.2f}, with 90% of the pairs from {low:.2f} to {high:.2f}"
