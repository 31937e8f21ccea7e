"""A figure of the maps before and after a change, with an arrow for each model that moved."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from modelmap.figures.style import INK, PALE, SMALL_SIZE, WIDTH, axes_at, new_figure, style
from modelmap.map.align import alignment
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import write_atomically
from modelmap.review.moves import MIN_PLACED

MOST_NAMES = 20
ADDED, DROPPED = "#0072B2", "#D55E00"
HEIGHT = 6.0
"""Inches."""


def write_moves(before: pd.DataFrame | None, after: pd.DataFrame | None, path: Path) -> None:
    """Write the figure of `moves` as SVG. Raises UserError if there are not two maps to compare."""
    if before is None or after is None:
        when = "before" if before is None else "after"
        raise UserError(f"{path.name} is not written: there is no map {when} the change")
    table = moves(before, after)
    figure = draw(table)

    def save(file: Path) -> None:
        with style():
            figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})

    write_atomically(path, save)


def moves(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return the place of each model before and after the change, in the order of names.

    Columns are model, old_x, old_y, x and y; places are NaN for a model that is only on the other
    map. The later map is shifted and rotated or reflected to fit the earlier one. Raises UserError
    if fewer than MIN_PLACED models are on both.
    """
    old = before[["model", "x", "y"]].rename(columns={"x": "old_x", "y": "old_y"})
    table = old.merge(after[["model", "x", "y"]], on="model", how="outer").sort_values("model")
    both = table.dropna()
    if len(both) < MIN_PLACED:
        raise UserError(
            f"maps with {len(both)} models in common cannot be aligned: {MIN_PLACED} are needed"
        )
    fit = alignment(both[["x", "y"]].to_numpy(), both[["old_x", "old_y"]].to_numpy())
    fitted = fit(table[["x", "y"]].to_numpy())
    return table.assign(x=fitted[:, 0], y=fitted[:, 1]).reset_index(drop=True)


def draw(table: pd.DataFrame) -> Figure:
    """Return the figure of a table of `moves`: arrows, and marks for added and dropped models."""
    added, dropped = table[table["old_x"].isna()], table[table["x"].isna()]
    both = table.dropna()
    with style():
        figure = new_figure(WIDTH, HEIGHT)
        axes = axes_at(figure, 0.1, 0.35, WIDTH - 0.2, HEIGHT - 0.45)
        axes.scatter(both["old_x"], both["old_y"], s=14, facecolors="none", edgecolors=PALE)
        shift = both["x"] - both["old_x"], both["y"] - both["old_y"]
        options = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.002}
        axes.quiver(both["old_x"], both["old_y"], *shift, color=INK, **options)
        axes.scatter(both["x"], both["y"], s=9, color=INK)
        axes.scatter(added["x"], added["y"], s=40, marker="P", color=ADDED)
        axes.scatter(dropped["old_x"], dropped["old_y"], s=30, marker="x", color=DROPPED)
        distance = np.hypot(*shift)
        farthest = both.loc[distance.sort_values(ascending=False, kind="stable").index]
        _write_names(axes, farthest[:MOST_NAMES], "x", "y", INK)
        _write_names(axes, added[:MOST_NAMES], "x", "y", ADDED)
        _write_names(axes, dropped[:MOST_NAMES], "old_x", "old_y", DROPPED)
        axes.set_aspect("equal", adjustable="datalim")
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set(visible=True, color=PALE)
        figure.text(
            *(0.02, 0.02),
            f"{len(both)} models on both maps (circle: before, point: after), {len(added)} added "
            f"(plus), {len(dropped)} dropped (cross). The later map is aligned to the earlier one.",
            fontsize=SMALL_SIZE,
        )
        return figure


def _write_names(axes: Axes, table: pd.DataFrame, x: str, y: str, colour: str) -> None:
    for name, place in zip(table["model"], table[[x, y]].to_numpy(), strict=True):
        axes.annotate(
            name,
            tuple(place),
            xytext=(4, 2),
            textcoords="offset points",
            fontsize=SMALL_SIZE,
            color=colour,
        )
