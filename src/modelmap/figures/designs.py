"""Designs at equal numbers of unique texts, and the plan's predicted error beside the measured."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from modelmap.figures.captions import counts
from modelmap.figures.inputs import Inputs
from modelmap.figures.style import INK, WIDTH, log_axes, look, new_figure, place

WITH, WITHOUT = (0, (2, 1.5)), "-"
LINES = {
    ("with replacement", "uniform"): ("uniform", "#3B6969", WITH),
    ("with replacement", "ls"): ("length squared", "#D55E00", WITH),
    ("with replacement", "kl"): ("KL", "#0072B2", WITH),
    ("with replacement", "relative"): ("relative", "#780D0D", WITH),
    ("simple random", "uniform"): ("uniform", "#3B6969", WITHOUT),
    ("sequential Poisson", "ls"): ("length squared", "#D55E00", WITHOUT),
    ("sequential Poisson", "kl"): ("KL", "#0072B2", WITHOUT),
    ("sequential Poisson", "relative"): ("relative", "#780D0D", WITHOUT),
}
HEIGHT, LEFT, RIGHT, BOTTOM, TOP, BETWEEN = 2.9, 0.55, 0.1, 0.42, 0.52, 0.6


def draw(designs: pd.DataFrame, plan: pd.DataFrame) -> Figure:
    """Return three panels: relative error, absolute error, and the plan's prediction."""
    side = (WIDTH - LEFT - RIGHT - 2 * BETWEEN) / 3
    with look():
        figure = new_figure(WIDTH, HEIGHT)
        panels = [
            place(figure, LEFT + i * (side + BETWEEN), BOTTOM, side, HEIGHT - BOTTOM - TOP)
            for i in range(3)
        ]
        for axes, measure in zip(panels, ("relative", "absolute"), strict=False):
            _design_lines(axes, designs, measure)
        _plan_lines(panels[2], plan)
        for axes in panels:
            log_axes(axes)
            axes.set_xlabel("unique texts d")
        _legend(figure, panels[0])
        return figure


def _design_lines(axes: Axes, designs: pd.DataFrame, measure: str) -> None:
    for (draws, size), (label, colour, dashes) in LINES.items():
        line = designs[(designs["draws"] == draws) & (designs["size_measure"] == size)]
        if len(line):
            axes.plot(
                line["d"],
                line[f"{measure}_error"],
                color=colour,
                linestyle=dashes,
                linewidth=1.2,
                label=label if dashes == WITHOUT else None,
            )
    axes.set_ylabel(f"{measure} error")


def _plan_lines(axes: Axes, plan: pd.DataFrame) -> None:
    axes.plot(plan["d"], plan["predicted_error"], color=INK, linewidth=1.0, label="predicted")
    axes.plot(
        plan["d"], plan["redrawn_error"], "o", color="#780D0D", markersize=4, label="other orders"
    )
    axes.plot(
        plan["d"], plan["this_order_error"], "x", color="#E69F00", markersize=5, label="this order"
    )
    axes.set_ylabel("relative error of the plan")
    axes.legend(loc="lower left", handlelength=1.4, borderaxespad=0.6)


def _legend(figure: Figure, axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    (solid,) = axes.plot([], [], color=INK, linestyle=WITHOUT, linewidth=1.2)
    (dashed,) = axes.plot([], [], color=INK, linestyle=WITH, linewidth=1.2)
    figure.legend(
        [*handles, solid, dashed],
        [*labels, "without replacement", "with replacement"],
        title="Probabilities by",
        loc="upper left",
        ncols=len(handles) + 2,
        handlelength=2.2,
        columnspacing=1.2,
        alignment="left",
        bbox_to_anchor=(LEFT / WIDTH, 1 - 0.06 / HEIGHT),
    )


def caption(inputs: Inputs, designs: pd.DataFrame, n_runs: int) -> str:
    """Return the caption: what is drawn, and what each way of drawing errs by at one size."""
    share = min(designs["share"], key=lambda one: abs(one - 0.6))
    row = designs[designs["share"] == share].set_index(["draws", "size_measure"])["relative_error"]
    return (
        f"Errors of squared distances against all texts ({counts(inputs)}) at equal numbers of "
        f"unique texts, root mean squared over {n_runs} samples. At {share:.0%} of the texts the "
        f"relative error is {row[('with replacement', 'uniform')]:.3f} uniform with replacement, "
        f"{row[('simple random', 'uniform')]:.3f} simple random, "
        f"{row[('with replacement', 'ls')]:.3f} LS with replacement, "
        f"{row[('sequential Poisson', 'ls')]:.3f} LS and "
        f"{row[('sequential Poisson', 'relative')]:.3f} relative by sequential Poisson sampling, "
        f"{row[('pivotal', 'relative')]:.3f} by the pivotal method, which is not drawn. Right: "
        "what the plan's first d texts are expected to err by before any draw, this order's "
        "error, and the root mean square of others."
    )
