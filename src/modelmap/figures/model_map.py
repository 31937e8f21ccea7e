"""The model map: a point per model, with a colour per family and a marker per kind."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from modelmap.figures.colours_and_markers import (
    MARKS,
    OTHER_MARK,
    family_colours,
    family_handles,
    kind_handles,
    kinds_in_order,
    legend_colours,
)
from modelmap.figures.inputs import ESTIMATES, Inputs, counts
from modelmap.figures.map_labels import NAMED_UP_TO, choose_labels, parent_lines
from modelmap.figures.map_names import write_names
from modelmap.figures.style import (
    LEGEND_HANDLE,
    LEGEND_ROW,
    PALE,
    PAPER,
    POINTS,
    SMALL_SIZE,
    WIDTH,
    axes_at,
    new_figure,
    style,
    text_width,
)
from modelmap.plumbing.arrays import Vector

MARGIN, GAP = 0.05, 0.14
"""Inches: around the figure, and between map and legend."""
ROOM_ACROSS, ROOM_UP = 1.3, 1.14
"""The size of the map over the extent of its points, which leaves room for names."""
FULL_SIZE_UP_TO = 60
"""Models; on maps of more models, markers are smaller."""
SMALLEST = 0.4
"""The least share of a marker's full width at which its colour can be seen."""


def draw(inputs: Inputs) -> Figure:
    """Return the map, with a line from each model to its parent."""
    models = inputs.table("models.parquet", "model", "family", "parent", "kind")
    places = inputs.table("map.parquet", "model", "x", "y")
    with style():
        joined = models.merge(places, on="model")
        colours = family_colours(list(joined["family"]))
        kinds = kinds_in_order(joined)
        names = [*legend_colours(colours), *kinds]
        legend_width = LEGEND_HANDLE + text_width(names, SMALL_SIZE)
        side = WIDTH - 2 * MARGIN - GAP - legend_width
        height = max(side * shape_of(joined), LEGEND_ROW * (len(names) + 3.5))
        figure = new_figure(WIDTH, height + 2 * MARGIN)
        axes = axes_at(figure, MARGIN, MARGIN, side, height)
        _set_limits(axes, joined, height / side)
        scale = max(SMALLEST, min(1.0, FULL_SIZE_UP_TO / len(joined)) ** 0.5)
        _draw_parent_lines(axes, joined, colours)
        for kind in reversed(kinds):
            _draw_points(axes, joined[joined["kind"] == kind], kind, colours, scale)
        radii = np.array([MARKS.get(kind, OTHER_MARK).radius for kind in joined["kind"]]) * scale
        to_pixels = figure.dpi / POINTS
        labels = choose_labels(models, places)
        write_names(axes, joined, labels, colours, radii * to_pixels)
        _add_legends(figure, colours, kinds, legend_width)
        return figure


def shape_of(joined: pd.DataFrame) -> float:
    """Return the ratio of height to width of a map, between 0.62 and 1."""
    across, up = ROOM_ACROSS * np.ptp(joined["x"]), ROOM_UP * np.ptp(joined["y"])
    return float(np.clip(up / max(across, 1e-12), 0.62, 1.0))


def limits(x: Vector, y: Vector, ratio: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return limits of x and y that hold all points, with one scale and this height over width."""
    across = max(ROOM_ACROSS * float(np.ptp(x)), ROOM_UP * float(np.ptp(y)) / ratio, 1e-9)
    x_middle, y_middle = (float(x.min() + x.max()) / 2, float(y.min() + y.max()) / 2)
    up = across * ratio
    return (x_middle - across / 2, x_middle + across / 2), (y_middle - up / 2, y_middle + up / 2)


def _set_limits(axes: Axes, joined: pd.DataFrame, ratio: float) -> None:
    x_limits, y_limits = limits(joined["x"].to_numpy(), joined["y"].to_numpy(), ratio)
    axes.set(xlim=x_limits, ylim=y_limits, xticks=[], yticks=[])
    axes.spines[:].set(visible=True, color=PALE)


def _draw_parent_lines(axes: Axes, joined: pd.DataFrame, colours: dict[str, str]) -> None:
    lines = parent_lines(joined)
    ends = lines[["x", "y", "parent_x", "parent_y"]].to_numpy().reshape(-1, 2, 2)
    shades = [colours[family] for family in lines["family"]]
    axes.add_collection(
        LineCollection(ends, colors=shades, linewidths=0.7, alpha=0.4, zorder=1), autolim=False
    )


def _draw_points(
    axes: Axes, members: pd.DataFrame, kind: str, colours: dict[str, str], scale: float
) -> None:
    mark = MARKS.get(kind, OTHER_MARK)
    shades = [colours[family] for family in members["family"]]
    axes.scatter(
        members["x"],
        members["y"],
        s=mark.area * scale**2,
        marker=mark.shape,
        facecolors=shades if mark.filled else PAPER,
        edgecolors=PAPER if mark.filled else shades,
        linewidths=(0.4 if mark.filled else 0.8) * scale,
        zorder=3,
    )


def _add_legends(
    figure: Figure, colours: dict[str, str], kinds: Sequence[str], width: float
) -> None:
    across, up = figure.get_size_inches()
    left = (across - MARGIN - width) / across
    n_families = len(legend_colours(colours))
    tops = (up - MARGIN, up - MARGIN - LEGEND_ROW * (n_families + 2.2))
    handles = (family_handles(colours), kind_handles(kinds))
    for title, top, entries in zip(("Family", "Kind"), tops, handles, strict=True):
        figure.legend(
            handles=entries,
            title=title,
            loc="upper left",
            bbox_to_anchor=(left, top / up),
            alignment="left",
            handlelength=1.2,
        )


def caption(inputs: Inputs) -> str:
    """Return the caption, with the metric and the perplexity of t-SNE."""
    families = inputs.table("models.parquet", "family")["family"]
    n_families = families.nunique()
    names = (
        "each family is named once, where there is room"
        if len(families) > NAMED_UP_TO
        else "a model's name leaves out the name of its parent, has in brackets the models that "
        "lie at the same point, and is only written where there is room"
    )
    return (
        f"Map of language models by their log-likelihoods ({counts(inputs)}; {n_families} "
        f"{'family' if n_families == 1 else 'families'}): t-SNE of KL divergences by "
        f"{ESTIMATES[inputs.metric('map.json', 'estimate')]}, with metric "
        f"{inputs.metric('map.json', 'metric')} and perplexity "
        f"{inputs.metric('map.json', 'perplexity'):g}. Models that are near each other have "
        "similar log-likelihoods; the axes have no meaning. Lines join models to the model they "
        f"were made from; {names}."
    )
