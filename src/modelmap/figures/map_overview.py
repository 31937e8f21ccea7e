"""The small map beside the model map: all models, with the part that the model map shows."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from modelmap.figures.style import INK, PALE

SMALL_POINT, LARGE_POINT = 5.0, 9.0
"""Square points."""
GREY = "#A8A8A8"
ROOM = 0.12
"""Around the points, as a share of their extent."""


def draw_small_models(axes: Axes, members: pd.DataFrame) -> None:
    """Draw small models as grey points without names, behind all else."""
    axes.scatter(members["x"], members["y"], s=SMALL_POINT, c=GREY, linewidths=0, zorder=0)


def draw_overview(
    axes: Axes, joined: pd.DataFrame, is_main: pd.Series, colours: dict[str, str], main: Axes
) -> None:
    """Draw all models, and a frame around what `main` shows."""
    large = joined[is_main]
    draw_small_models(axes, joined[~is_main])
    shades = [colours[family] for family in large["family"]]
    axes.scatter(large["x"], large["y"], s=LARGE_POINT, c=shades, linewidths=0, zorder=2)
    (left, right), (low, high) = main.get_xlim(), main.get_ylim()
    axes.add_patch(
        Rectangle((left, low), right - left, high - low, fill=False, edgecolor=INK, linewidth=0.6)
    )
    axes.margins(ROOM)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(visible=True, color=PALE)
