"""The simulated KL by both estimates: a point per pair of models in each of two panels."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from modelmap.figures.colours_and_markers import COLOURS
from modelmap.figures.inputs import Inputs
from modelmap.figures.scale import log_ticks
from modelmap.figures.style import INK, PALE, PAPER, WIDTH, axes_at, new_figure, style
from modelmap.plumbing.arrays import Values

PAIRS, PRETRAINED, SUMMARY = "kl_truth.csv", "kl_pretrained.csv", "kl_truth.json"
MIXTURE, PAPERS = "kl_bits_per_byte", "kl_papers_bits_per_byte"
TRUTH, ERROR = "truth_bits_per_byte", "truth_se_bits_per_byte"
STRING_TRUTH, STRING_ERROR = "string_truth_bits_per_byte", "string_truth_se_bits_per_byte"
PANELS = {PAPERS: "papers' estimate", MIXTURE: "mixture estimate"}
"""The column of each panel's horizontal axis, from left to right, and its name."""
ONE, ACROSS, REAL = "one tokenizer", "across tokenizers", "with a pretrained model"
MARKS = {ONE: ("o", COLOURS[0], 9), ACROSS: ("^", COLOURS[1], 9), REAL: ("D", INK, 22)}
"""Marker, colour and area of the pairs of each group, in the order in which they are drawn."""
LEFT, BOTTOM, MARGIN, GAP = 0.75, 0.42, 0.08, 0.16
"""Inches."""
ROOM = 1.4
"""The factor by which axes extend beyond the points."""
STANDARD_ERRORS = 1.96
"""Half the length of the lines, in standard errors of the simulated KL."""


def skip_reason(inputs: Inputs) -> str | None:
    """Return why there is nothing to draw, or None."""
    return "no two models differ" if points(inputs).empty else None


def points(inputs: Inputs) -> pd.DataFrame:
    """Return group, estimates, simulated KL and its error of the pairs that have all above 0.

    The simulated KL is that of token sequences where both models have one tokenizer, and that of
    strings for other pairs.
    """
    zoo = inputs.table(
        PAIRS, "one_tokenizer", MIXTURE, PAPERS, TRUTH, ERROR, STRING_TRUTH, STRING_ERROR
    )
    one = zoo["one_tokenizer"].astype(bool)
    zoo = zoo.assign(group=np.where(one, ONE, ACROSS))
    zoo.loc[~one, [TRUTH, ERROR]] = zoo.loc[~one, [STRING_TRUTH, STRING_ERROR]].to_numpy()
    real = inputs.table(PRETRAINED, MIXTURE, PAPERS, TRUTH, ERROR).assign(group=REAL)
    columns = ["group", MIXTURE, PAPERS, TRUTH, ERROR]
    found = pd.concat([part[columns] for part in (zoo, real) if len(part)] or [zoo[columns]])
    return found[(found[[MIXTURE, PAPERS, TRUTH]] > 0).all(axis=1)]


def draw(inputs: Inputs) -> Figure:
    """Return two panels of equal axes: the simulated KL by the papers' and by this estimate."""
    pairs = points(inputs)
    limits = log_limits(pairs[[MIXTURE, PAPERS, TRUTH]].to_numpy())
    side = (WIDTH - LEFT - GAP - MARGIN) / 2
    with style():
        figure = new_figure(WIDTH, BOTTOM + side + MARGIN)
        for number, (column, name) in enumerate(PANELS.items()):
            axes = axes_at(figure, LEFT + number * (side + GAP), BOTTOM, side, side)
            _draw_points(axes, pairs, column)
            _set_axes(axes, limits)
            axes.set_xlabel(f"{name}, bits per byte")
            axes.tick_params(labelleft=number == 0)
        figure.axes[0].set_ylabel("simulated KL, bits per byte")
        figure.axes[0].legend(loc="upper left", handletextpad=0.2, borderaxespad=0.6)
        return figure


def log_limits(values: Values) -> tuple[float, float]:
    """Return the limits of a logarithmic axis that holds all values."""
    return float(values.min()) / ROOM, float(values.max()) * ROOM


def _draw_points(axes: Axes, pairs: pd.DataFrame, column: str) -> None:
    for group, (marker, colour, area) in MARKS.items():
        rows = pairs[pairs["group"] == group]
        if rows.empty:
            continue
        x, truth = rows[column], rows[TRUTH]
        half = STANDARD_ERRORS * rows[ERROR]
        # A line that would end below 0 has no lower end on a logarithmic axis.
        low = (truth - half).clip(lower=truth / 10)
        axes.vlines(x, low, truth + half, color=colour, linewidth=0.4, zorder=2)
        axes.scatter(
            x,
            truth,
            s=area,
            marker=marker,
            color=colour,
            edgecolors=PAPER,
            linewidths=0.2,
            label=group,
            zorder=3,
        )


def _set_axes(axes: Axes, limits: tuple[float, float]) -> None:
    """Set equal logarithmic scales, and draw the line on which both KLs are equal."""
    axes.plot(limits, limits, color=INK, linewidth=0.7, zorder=4)
    axes.set(xscale="log", yscale="log", xlim=limits, ylim=limits)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(FixedLocator(log_ticks(*limits)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_locator(NullLocator())
    axes.grid(color=PALE, linewidth=0.3)
    axes.set_axisbelow(True)


def caption(inputs: Inputs) -> str:
    """Return the caption, with medians and ranges of truth over estimate."""
    n_texts = inputs.metric(SUMMARY, "n_texts_drawn_per_model")
    return (
        f"Simulated and estimated KL divergence of {len(points(inputs))} pairs of models, with "
        "lines of 1.96 standard errors of the simulation; on the black line both are equal. "
        f"{n_texts} texts are drawn from each model that is trained here. {_ratios(inputs)} "
        "Pairs with a pretrained model are compared on texts of the project (models made from it) "
        "or on continuations of them."
    )


def _ratios(inputs: Inputs) -> str:
    """Return a sentence for pairs of one tokenizer and one for others, if there are any."""
    truths = {"token_sequences": ONE, "strings": ACROSS}
    sentences = []
    for truth, group in truths.items():
        parts = []
        for name, panel in zip(("papers", "mixture"), PANELS.values(), strict=True):
            groups = inputs.metric(SUMMARY, "truth_over_estimate", truth, name)
            if found := groups.get(group):
                low, middle, high = (f"{found[key]:.2f}" for key in ("q5", "median", "q95"))
                parts.append(f"{middle} ({low} to {high}) times the {panel}")
        if parts:
            sentences.append(
                f"For pairs {'of ' if group == ONE else ''}{group} the simulated KL is in the "
                f"median (5th to 95th percentile) {' and '.join(parts)}."
            )
    return " ".join(sentences)
