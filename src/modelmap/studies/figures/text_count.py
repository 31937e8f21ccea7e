"""What more texts change: the map's error, and how many of them a plan needs."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from modelmap.figures.style import INK, log_axes, look, new_figure, place

WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM, TOP, BETWEEN = 6.0, 2.6, 0.55, 0.15, 0.42, 0.1, 0.65


def draw(table: pd.DataFrame, error: float) -> Figure:
    """Return two panels over the number of texts: relative error, and the texts of a plan."""
    side = (WIDTH - LEFT - RIGHT - BETWEEN) / 2
    with look():
        figure = new_figure(WIDTH, HEIGHT)
        first, second = (
            place(figure, LEFT + i * (side + BETWEEN), BOTTOM, side, HEIGHT - BOTTOM - TOP)
            for i in range(2)
        )
        _errors(first, table)
        _plans(second, table, error)
        for axes in (first, second):
            log_axes(axes)
            axes.set_xlabel("texts in the set")
        return figure


def _errors(axes: Axes, table: pd.DataFrame) -> None:
    axes.plot(
        table["n_texts"], table["bootstrap_error"], color=INK, linewidth=1.0, label="bootstrap"
    )
    axes.plot(table["n_texts"], table["error_to_all"], "o", color="#D55E00", label="measured")
    axes.set_ylabel("relative error")
    axes.legend(loc="lower left", handlelength=1.6, borderaxespad=0.6)


def _plans(axes: Axes, table: pd.DataFrame, error: float) -> None:
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


def caption(table: pd.DataFrame, error: float, n_parts: int) -> str:
    """Return the caption."""
    last = table.iloc[-1]
    return (
        f"Parts of the text set taken for the whole, {n_parts} of each size. Left: the relative "
        "error of their distances against a far larger set, as the bootstrap expects and as "
        "measured on all texts (corrected for the share they are of them). Right: how many texts a "
        f"plan scores for a relative error of {error:.0%} against the set: "
        f"{last['plan_texts']:.0f} of {last['n_texts']:.0f}."
    )
