"""The small map beside the model map: all models, with the part that the model map shows."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from modelmap.figures.colours_and_markers import darkened, is_large
from modelmap.figures.map_labels import short_names
from modelmap.figures.style import INK, PALE

SMALL_POINT, LARGE_POINT = 5.0, 9.0
"""Square points."""
GREY = "#A8A8A8"
NAME_SIZE, NAME_GAP = 5.0, 2.5
"""Points: of a name, and between it and its model."""
ROOM = 0.12
"""Around the points, as a share of their extent."""


def draw_small_models(axes: Axes, members: pd.DataFrame) -> None:
    """Draw small models as grey points without names, behind all else."""
    axes.scatter(members["x"], members["y"], s=SMALL_POINT, c=GREY, linewidths=0, zorder=0)


def draw_overview(axes: Axes, joined: pd.DataFrame, colours: dict[str, str], main: Axes) -> None:
    """Draw all models, a frame around what `main` shows, and names of large models outside it."""
    large = joined[is_large(joined)]
    draw_small_models(axes, joined[~is_large(joined)])
    shades = [colours[family] for family in large["family"]]
    axes.scatter(large["x"], large["y"], s=LARGE_POINT, c=shades, linewidths=0, zorder=2)
    (left, right), (low, high) = main.get_xlim(), main.get_ylim()
    axes.add_patch(
        Rectangle((left, low), right - left, high - low, fill=False, edgecolor=INK, linewidth=0.6)
    )
    outside = large[~(large["x"].between(left, right) & large["y"].between(low, high))]
    middle = (joined["x"].min() + joined["x"].max()) / 2
    _write_names(axes, outside, short_names(joined), colours, middle)
    axes.margins(ROOM)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(visible=True, color=PALE)


def _write_names(
    axes: Axes,
    models: pd.DataFrame,
    names: dict[str, str],
    colours: dict[str, str],
    middle: float,
) -> None:
    """Write the names of models under their points, those at one point together.

    Names on the right of `middle`, an x coordinate, end at their points, and others begin there.
    """
    for _, group in models.groupby([models["x"].round(1), models["y"].round(1)]):
        place = group.iloc[0]
        axes.annotate(
            ", ".join(names[name] for name in group["model"]),
            (place["x"], place["y"]),
            xytext=(0, -NAME_GAP),
            textcoords="offset points",
            size=NAME_SIZE,
            color=darkened(colours[place["family"]], 0.3),
            ha="right" if place["x"] > middle else "left",
            va="top",
        )
