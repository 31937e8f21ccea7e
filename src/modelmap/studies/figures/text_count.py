"""How the number of texts changes the error of distances, and the texts that a plan needs."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from modelmap.figures.inputs import Inputs
from modelmap.figures.style import INK, axes_at, log_axes, new_figure, style

WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM, TOP, BETWEEN = 6.0, 2.6, 0.55, 0.15, 0.42, 0.1, 0.65


def skip_reason(inputs: Inputs) -> str | None:
    """Return why the study text_count has no results, or None."""
    return inputs.skip_reason("text_count.json")


def draw(inputs: Inputs) -> Figure:
    """Return two panels by the number of texts: the relative error, and the texts of a plan."""
    table = inputs.table(
        "text_count.csv", "n_texts", "bootstrap_error", "error_to_all", "plan_texts"
    )
    error = inputs.metric("text_count.json", "relative_error_asked_for")
    side = (WIDTH - LEFT - RIGHT - BETWEEN) / 2
    with style():
        figure = new_figure(WIDTH, HEIGHT)
        first, second = (
            axes_at(figure, LEFT + i * (side + BETWEEN), BOTTOM, side, HEIGHT - BOTTOM - TOP)
            for i in range(2)
        )
        _draw_errors(first, table)
        _draw_plans(second, table, error)
        for axes in (first, second):
            log_axes(axes)
            axes.set_xlabel("texts in the set")
        return figure


def _draw_errors(axes: Axes, table: pd.DataFrame) -> None:
    axes.plot(
        table["n_texts"], table["bootstrap_error"], color=INK, linewidth=1.0, label="bootstrap"
    )
    axes.plot(table["n_texts"], table["error_to_all"], "o", color="#D55E00", label="measured")
    axes.set_ylabel("relative error")
    axes.legend(loc="lower left", handlelength=1.6, borderaxespad=0.6)


def _draw_plans(axes: Axes, table: pd.DataFrame, error: float) -> None:
    axes.plot(
        table["n_texts"], table["n_texts"], color=INK, linewidth=0.7, linestyle=":", label="all"
    )
    axes.plot(
        table["n_texts"],
        table["plan_texts"],
        color="#780D0D",
        marker="o",
        markersize=4,
        linewidth=1.2,
        label=f"plan for {error:.0%}",
    )
    axes.set_ylabel("texts to score")
    axes.legend(loc="upper left", handlelength=1.6, borderaxespad=0.6)


def caption(inputs: Inputs) -> str:
    """Return the caption, with the texts of a plan for the whole set."""
    last = inputs.table("text_count.csv", "n_texts", "plan_texts").iloc[-1]
    n_parts, error = (
        inputs.metric("text_count.json", key)
        for key in ("parts_of_each_size", "relative_error_asked_for")
    )
    return (
        f"Parts of the text set, treated as if they were the whole: {n_parts} parts of each size. "
        "Left: the relative error of their distances compared with those of a far larger set, as "
        "predicted by the bootstrap and as measured on all texts (corrected for the share of these "
        "that the part has). Right: the number of texts that a plan scores for a relative error of "
        f"{error:.0%} compared with the set: {last['plan_texts']:.0f} of {last['n_texts']:.0f}."
    )
