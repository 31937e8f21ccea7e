"""Errors of the papers' methods over draws and unique texts, with the baseline (P2, Fig. 2)."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from modelmap.figures.captions import counts
from modelmap.figures.inputs import Inputs
from modelmap.figures.style import (
    INK,
    PALE,
    SMALL_SIZE,
    WIDTH,
    line_legend,
    log_axes,
    look,
    new_figure,
    place,
)

METHOD_LOOK = {
    "uniform": ("uniform", "#3B6969", "-"),
    "ls": ("length squared", "#D55E00", "-"),
    "kl": ("KL", "#0072B2", "-"),
}
MEASURES = {"relative": "relative error", "absolute": "absolute error"}
AXES = {"n": "draws n", "d": "unique texts d"}
HEIGHT = 4.3
LEFT, RIGHT, BOTTOM, TOP, BETWEEN, ABOVE = 0.55, 0.1, 0.42, 0.42, 0.3, 0.3
"""Inches: margins of the figure, and between panels across and up."""


def draw(curves: pd.DataFrame, baseline: Mapping[str, float], n_texts: int) -> Figure:
    """Return four panels: both errors against the population, over draws and over unique texts."""
    side = (WIDTH - LEFT - RIGHT - BETWEEN) / 2
    tall = (HEIGHT - BOTTOM - TOP - ABOVE) / 2
    with look():
        figure = new_figure(WIDTH, HEIGHT)
        for row, measure in enumerate(MEASURES):
            for column, over in enumerate(AXES):
                axes = place(
                    figure,
                    LEFT + column * (side + BETWEEN),
                    BOTTOM + (1 - row) * (tall + ABOVE),
                    side,
                    tall,
                )
                _panel(axes, curves, measure, over, baseline[measure], n_texts)
                axes.tick_params(labelleft=column == 0)
                axes.set_xlabel(AXES[over] if row == 1 else "")
                axes.set_ylabel(MEASURES[measure] if column == 0 else "")
        line_legend(figure, "upper center", 0.5)
        return figure


def _panel(
    axes: Axes, curves: pd.DataFrame, measure: str, over: str, bound: float, n_texts: int
) -> None:
    axes.axhline(
        bound, color=INK, linewidth=0.7, linestyle=(0, (4, 2)), label="baseline: N / 2 texts"
    )
    for method, (label, colour, line) in METHOD_LOOK.items():
        curve = curves[curves["method"] == method]
        error = curve[f"{measure}_to_population"]
        axes.plot(curve[over], error, color=colour, linestyle=line, linewidth=1.2, label=label)
        reached = curve[error <= bound]
        if len(reached):
            point = reached.iloc[0]
            axes.plot(
                point[over],
                point[f"{measure}_to_population"],
                marker="o",
                markersize=4,
                color=colour,
                markeredgecolor="white",
                zorder=5,
            )
    uniform = curves[curves["method"] == "uniform"]
    fresh = uniform[uniform["n"] <= n_texts]
    axes.plot(
        fresh["n"],
        fresh[f"{measure}_theory"],
        color=INK,
        linewidth=0.8,
        linestyle=":",
        label="fresh sample, theory",
        zorder=1,
    )
    own = uniform[f"{measure}_error"].where(uniform["n"] <= n_texts)
    axes.plot(
        uniform["n"], own, color=PALE, linewidth=2.5, zorder=0, label="fresh sample, measured"
    )
    log_axes(axes)
    axes.tick_params(labelsize=SMALL_SIZE)


def caption(inputs: Inputs, points: pd.DataFrame, n_runs: int) -> str:
    """Return the caption: what is drawn, and where each method meets the baseline."""
    told = [
        f"{METHOD_LOOK[row.method][0]} at n = {row.n:.0f}, d = {row.d:.0f} "
        f"({row.d_ratio_to_uniform:.2f} of uniform's)"
        if row.n == row.n
        else f"{METHOD_LOOK[row.method][0]} nowhere"
        for row in points[points["measure"] == "relative"].itertuples()
    ]
    return (
        f"Errors of squared distances against the population of texts ({counts(inputs)}), root "
        f"mean squared over {n_runs} runs, by draws with replacement and by the unique texts among "
        "them, which are what must be scored. The baseline is the error of a fresh sample of N / 2 "
        f"texts; by the relative error it is met by {'; '.join(told)}."
    )
