"""How well targets are predicted from few texts: correlation over unique texts (P2, Fig. 4)."""

from math import ceil
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from modelmap.figures.resample_errors import METHOD_LOOK
from modelmap.figures.style import INK, TEXT_SIZE, WIDTH, line_legend, look, new_figure, place
from modelmap.predict.correlation import ALL_TEXTS, BASELINE, all_texts_and_baseline

Measure = Literal["pearson", "spearman"]
NAMES = {"pearson": "Pearson's correlation", "spearman": "Spearman's correlation"}
COLUMNS, TALL = 4, 1.3
LEFT, RIGHT, BOTTOM, TOP, ACROSS, UP = 0.5, 0.08, 0.4, 0.26, 0.12, 0.24
"""Inches: margins of the figure, and between panels across and up."""
LOWEST = -0.5
"""Correlations below are not shown: so few texts predict nothing."""
LINES = {ALL_TEXTS: ("all texts", (0, (1, 1.5))), BASELINE: (BASELINE, (0, (4, 2)))}


def skip_reason(curves: pd.DataFrame) -> str | None:
    """Return why there is no curve to draw, or None."""
    if not curves["method"].isin(list(METHOD_LOOK)).any():
        return "needs a target that can be predicted, and there is none"
    return None


def limits(curves: pd.DataFrame, measure: Measure) -> tuple[float, float]:
    """Return the ends of the axis of correlations, the same for all panels."""
    least = float(np.nanmin([*(curves[measure] - curves[f"{measure}_sd"]), 0.8]))
    return max(LOWEST, float(np.floor(least * 10) / 10)), 1.03


def draw(curves: pd.DataFrame, measure: Measure) -> Figure:
    """Return a panel per target: the correlation by method, with bands of a standard deviation."""
    targets = list(pd.unique(curves["target"]))
    rows = ceil(len(targets) / COLUMNS)
    side = (WIDTH - LEFT - RIGHT - (COLUMNS - 1) * ACROSS) / COLUMNS
    height = BOTTOM + rows * (TALL + UP) + TOP
    with look():
        figure = new_figure(WIDTH, height)
        for i, target in enumerate(targets):
            row, column = divmod(i, COLUMNS)
            below = BOTTOM + (rows - 1 - row) * (TALL + UP)
            axes = place(figure, LEFT + column * (side + ACROSS), below, side, TALL)
            is_last = i + COLUMNS >= len(targets)
            _panel(axes, curves[curves["target"] == target], measure)
            axes.set_title(target, fontsize=TEXT_SIZE, pad=3)
            axes.set_ylim(*limits(curves, measure))
            axes.tick_params(labelleft=column == 0, labelbottom=is_last)
            axes.set_ylabel(NAMES[measure] if column == 0 else "")
            axes.set_xlabel("unique texts d" if is_last else "")
        line_legend(figure, "upper left", LEFT / WIDTH)
        return figure


def _panel(axes: Axes, curves: pd.DataFrame, measure: Measure) -> None:
    for method, (label, colour, line) in METHOD_LOOK.items():
        curve = curves[curves["method"] == method].sort_values("d")
        middle, spread = curve[measure], curve[f"{measure}_sd"]
        axes.fill_between(
            curve["d"], middle - spread, middle + spread, color=colour, alpha=0.18, linewidth=0
        )
        axes.plot(curve["d"], middle, color=colour, linestyle=line, linewidth=1.1, label=label)
    for method, (label, dashes) in LINES.items():
        for value in curves.loc[curves["method"] == method, measure]:
            axes.axhline(value, color=INK, linewidth=0.7, linestyle=dashes, label=label, zorder=1)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(10))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def caption(curves: pd.DataFrame, measure: Measure, n_splits: int) -> str:
    """Return the caption, with the mean over targets from all texts and from the mean alone."""
    both = all_texts_and_baseline(curves, measure)
    hidden = bool((curves[measure] < LOWEST).any())
    means = (
        f" Mean over the {len(both)} targets with both lines: {both[ALL_TEXTS].mean():.3f} from "
        f"all texts, {both[BASELINE].mean():.3f} by the mean log-likelihood alone, without a fit."
    )
    return (
        f"{NAMES[measure]} between targets and their ridge predictions by models of other "
        f"families, over the unique texts that give the coordinates, in one sample by each "
        f"method; bands are one standard deviation over {n_splits} splits by family, not over "
        f"samples.{means if len(both) else ''}"
        f"{f' Values below {LOWEST:g} are not shown.' if hidden else ''}"
    )
