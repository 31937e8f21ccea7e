"""The model map: a point per model, with a colour per family and a marker per kind."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection, LineCollection
from matplotlib.figure import Figure

from modelmap.figures.colours_and_markers import (
    LARGE,
    MARKS,
    OTHER_MARK,
    family_handles,
    is_large,
    kind_handles,
    kinds_in_order,
    legend_colours,
    model_colours,
)
from modelmap.figures.inputs import ESTIMATES, Inputs, counts
from modelmap.figures.map_labels import NAMED_UP_TO, choose_labels, parent_lines
from modelmap.figures.map_names import write_names
from modelmap.figures.map_overview import draw_overview, draw_small_models
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
OVERVIEW = 1.7
"""Inches: the side of the smaller map of all models."""
ELLIPSE = ("ellipse_width", "ellipse_height", "ellipse_angle_degrees")
STANDARD_DEVIATIONS_95 = 2.448
"""The 95% ellipse of a normal distribution in two dimensions, over that of 1 standard deviation."""
SMALLEST = 0.4
"""The least share of a marker's full width at which its colour can be seen."""


def draw(inputs: Inputs) -> Figure:
    """Return the map, with a line from each model to its parent.

    If there are large and small models, the map shows where the large ones lie, and a smaller one
    beside it shows all models.
    """
    models = inputs.table("models.parquet", "model", "family", "parent", "kind", "n_params")
    places = inputs.table("map.parquet", "model", "x", "y", *ELLIPSE)
    with style():
        joined = models.merge(places, on="model")
        is_main = shown_large(joined)
        main, colours = joined[is_main].reset_index(drop=True), model_colours(joined)
        in_legend = {family: colours[family] for family in main["family"].unique()}
        kinds = kinds_in_order(main)
        names = [*legend_colours(in_legend), *kinds]
        overview = 0.0 if is_main.all() else OVERVIEW
        column = max(LEGEND_HANDLE + text_width(names, SMALL_SIZE), overview)
        side = WIDTH - 2 * MARGIN - GAP - column
        above = overview + GAP if overview else 0.0
        height = max(side * shape_of(main), LEGEND_ROW * (len(names) + 3.5) + above)
        figure = new_figure(WIDTH, height + 2 * MARGIN)
        axes = axes_at(figure, MARGIN, MARGIN, side, height)
        _set_limits(axes, main, height / side)
        scale = max(SMALLEST, min(1.0, FULL_SIZE_UP_TO / len(main)) ** 0.5)
        draw_small_models(axes, joined[~is_main])
        _draw_ellipses(axes, main, colours)
        _draw_parent_lines(axes, main, colours)
        for kind in reversed(kinds):
            _draw_points(axes, main[main["kind"] == kind], kind, colours, scale)
        radii = np.array([MARKS.get(kind, OTHER_MARK).radius for kind in main["kind"]]) * scale
        labels = choose_labels(main.drop(columns=["x", "y"]), main[["model", "x", "y"]])
        write_names(axes, main, labels, colours, radii * figure.dpi / POINTS)
        if overview:
            left, bottom = MARGIN + side + GAP, MARGIN + height - overview
            small = axes_at(figure, left, bottom, column, overview)
            draw_overview(small, joined, is_main, colours, axes)
        _add_legends(figure, in_legend, kinds, column, above)
        return figure


def shown_large(joined: pd.DataFrame) -> pd.Series:
    """Return which models the map shows: the large ones, or all if they do not differ in that."""
    large = is_large(joined)
    return large if large.sum() > 1 else pd.Series(True, index=joined.index)


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


def _draw_ellipses(axes: Axes, joined: pd.DataFrame, colours: dict[str, str]) -> None:
    """Draw the 95% ellipse of each model that is not scored on all texts."""
    known = joined.dropna(subset="ellipse_width")
    width, height, angle = known[list(ELLIPSE)].to_numpy().T
    shades = [colours[family] for family in known["family"]]
    axes.add_collection(
        EllipseCollection(
            STANDARD_DEVIATIONS_95 * width,
            STANDARD_DEVIATIONS_95 * height,
            angle,
            units="xy",
            offsets=known[["x", "y"]].to_numpy(),
            offset_transform=axes.transData,
            facecolors="none",
            edgecolors=shades,
            linewidths=0.6,
            zorder=2,
        ),
        autolim=False,
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
    figure: Figure, colours: dict[str, str], kinds: Sequence[str], width: float, above: float
) -> None:
    """Draw the legends of families and kinds, `above` inches below the upper edge of the map."""
    across, up = figure.get_size_inches()
    left = (across - MARGIN - width) / across
    n_families = len(legend_colours(colours))
    top = up - MARGIN - above
    tops = (top, top - LEGEND_ROW * (n_families + 2.2))
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
    models = inputs.table("models.parquet", "model", "family", "n_params")
    places = inputs.table("map.parquet", "model", "ellipse_width")
    joined = models.merge(places, on="model")
    n_families, is_main = joined["family"].nunique(), shown_large(joined)
    names = (
        "each family is named once, where there is room"
        if is_main.sum() > NAMED_UP_TO
        else "a model's name leaves out the name of its parent, has in brackets the models that "
        "lie at the same point, and is only written where there is room"
    )
    zoom = (
        ""
        if is_main.all()
        else " The large map shows the part of the small one with families of at least "
        f"{LARGE // 1_000_000} million parameters; smaller models are grey."
    )
    ellipses = (
        " Ellipses contain, in 95% of cases, the places that models which are not scored on all "
        "texts would have with all of them."
        if joined["ellipse_width"].notna().any()
        else ""
    )
    return (
        f"Map of language models by their log-likelihoods ({counts(inputs)}; {n_families} "
        f"{'family' if n_families == 1 else 'families'}): t-SNE of KL divergences by "
        f"{ESTIMATES[inputs.metric('map.json', 'estimate')]}, with metric "
        f"{inputs.metric('map.json', 'metric')} and perplexity "
        f"{inputs.metric('map.json', 'perplexity'):g}. Models that are near each other have "
        "similar log-likelihoods; the axes have no meaning. Lines join models to the model they "
        f"were made from; {names}.{zoom}{ellipses}"
    )
