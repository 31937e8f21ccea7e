"""The map drawn from few texts: existing models pale, the new ones coloured and named."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from modelmap.figures.captions import counts
from modelmap.figures.inputs import Inputs
from modelmap.figures.kinship import OTHER_COLOUR, family_colours, family_handles, legend_colours
from modelmap.figures.map_labels import NAMED_UP_TO, choose_labels
from modelmap.figures.map_names import write_names
from modelmap.figures.model_map import FULL_SIZE_UP_TO, GAP, MARGIN, limits, shape_of
from modelmap.figures.style import (
    LEGEND_HANDLE,
    LEGEND_ROW,
    PALE,
    PAPER,
    POINTS,
    SMALL_SIZE,
    WIDTH,
    look,
    new_figure,
    place,
    text_width,
)
from modelmap.new_models.trial import LS_BY_EXISTING, UNIFORM_SAME_TEXTS
from modelmap.plumbing.arrays import Vector

EXISTING = "existing models"
AREA = {True: 44.0, False: 26.0}
"""Square points of a new and of an existing model's mark."""


def skip_reason(new_models: pd.DataFrame) -> str | None:
    """Return why there is no map of new models, or None."""
    if new_models.empty:
        return "needs new models on a map of 4 or more existing ones"
    return None


def draw(models: pd.DataFrame, new_models: pd.DataFrame) -> Figure:
    """Return the map of `new_models`, which has x, y and is_new."""
    with look():
        joined = models.merge(new_models, on="model")
        new = joined[joined["is_new"]]
        colours = new_colours(joined)
        names = [*legend_colours(colours), EXISTING]
        legend_width = LEGEND_HANDLE + text_width(names, SMALL_SIZE)
        side = WIDTH - 2 * MARGIN - GAP - legend_width
        height = max(side * shape_of(joined), LEGEND_ROW * (len(names) + 1.5))
        figure = new_figure(WIDTH, height + 2 * MARGIN)
        axes = place(figure, MARGIN, MARGIN, side, height)
        x_limits, y_limits = limits(joined["x"].to_numpy(), joined["y"].to_numpy(), height / side)
        axes.set(xlim=x_limits, ylim=y_limits, xticks=[], yticks=[])
        axes.spines[:].set(visible=True, color=PALE)
        areas = mark_areas(joined["is_new"])
        _points(axes, joined, colours, areas)
        radii = np.sqrt(areas) / 2 * figure.dpi / POINTS
        labels = choose_labels(
            models[models["model"].isin(new["model"])], new_models[["model", "x", "y"]]
        ).assign(root=False)
        write_names(axes, joined, labels, colours, radii)
        _legend(figure, colours, legend_width)
        return figure


def new_colours(joined: pd.DataFrame) -> dict[str, str]:
    """Return the colours of the new models' families.

    They are those of the model map where each family has one of its own there.
    """
    families = list(joined.loc[joined["is_new"], "family"])
    every = family_colours(list(joined["family"]))
    if any(every[family] == OTHER_COLOUR for family in families):
        return family_colours(families)
    return {family: every[family] for family in dict.fromkeys(families)}


def mark_areas(is_new: pd.Series) -> Vector:
    """Return the area of each mark in square points: smaller where its group is large."""
    sizes = is_new.map(is_new.value_counts()).to_numpy(dtype=np.float64)
    areas = is_new.map(AREA).to_numpy(dtype=np.float64)
    shrunk: Vector = areas * np.minimum(1.0, FULL_SIZE_UP_TO / sizes)
    return shrunk


def _points(axes: Axes, joined: pd.DataFrame, colours: dict[str, str], areas: Vector) -> None:
    for new in (False, True):
        there = joined["is_new"].to_numpy() == new
        rows = joined[there]
        axes.scatter(
            rows["x"],
            rows["y"],
            s=areas[there],
            c=[colours[family] for family in rows["family"]] if new else PALE,
            edgecolors=PAPER,
            linewidths=0.4 if len(rows) <= FULL_SIZE_UP_TO else 0.1,
            zorder=3 if new else 2,
        )


def _legend(figure: Figure, colours: dict[str, str], width: float) -> None:
    across, up = figure.get_size_inches()
    pale = Line2D([], [], linestyle="", marker="o", markersize=4, color=PALE, label=EXISTING)
    figure.legend(
        handles=[*family_handles(colours), pale],
        title="New models",
        loc="upper left",
        bbox_to_anchor=((across - MARGIN - width) / across, (up - MARGIN) / up),
        alignment="left",
        handlelength=1.2,
    )


def caption(inputs: Inputs, new_models: pd.DataFrame, errors: pd.DataFrame) -> str:
    """Return the caption of the map, with the errors of distances to new models."""
    n_new = int(new_models["is_new"].sum())
    known = errors[errors["design"] == LS_BY_EXISTING]
    told = {
        design: ", ".join(
            f"{row.relative_error:.0%} {row.pairs.replace('_', ' to ')}"
            for row in errors[errors["design"] == design].itertuples()
        )
        for design in (LS_BY_EXISTING, UNIFORM_SAME_TEXTS)
    }
    named = "families are named once" if n_new > NAMED_UP_TO else "new models are named"
    return (
        f"New models on a map of few texts ({counts(inputs)}): the texts were drawn "
        f"{known['n'].iloc[0]:g} times by LS, and clipped, by the {len(new_models) - n_new} "
        f"existing models alone; the {n_new} newest were then placed with them; {named} where "
        f"there is room. Relative error of squared distances from {known['d'].iloc[0]:.0f} "
        f"unique texts on average: {told[LS_BY_EXISTING]}; from as many texts drawn uniformly: "
        f"{told[UNIFORM_SAME_TEXTS]}."
    )
