"""The map drawn from few texts: existing models are grey, new models are coloured and named."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from modelmap.figures.colours_and_markers import (
    OTHER_COLOUR,
    family_colours,
    family_handles,
    legend_colours,
    model_colours,
)
from modelmap.figures.inputs import Inputs, complete_counts
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
    axes_at,
    new_figure,
    style,
    text_width,
)
from modelmap.plumbing.arrays import Vector

LS_BY_EXISTING, UNIFORM_SAME_TEXTS = "ls", "uniform_same_texts"
"""Designs: LS sampling by the existing models, and uniform draws of as many unique texts."""
EXISTING = "existing models"
AREA = {True: 44.0, False: 26.0}
"""Areas of the markers of new and of existing models, in square points."""


def skip_reason(inputs: Inputs) -> str | None:
    """Return why the stage new_models drew no map, or None."""
    return inputs.skip_reason("new_models.json")


def draw(inputs: Inputs) -> Figure:
    """Return the map, with names of the new models."""
    models = inputs.table("models.parquet", "model", "family", "parent", "kind", "n_params")
    new_models = inputs.table("new_models.parquet", "model", "is_new", "x", "y")
    with style():
        joined = models.merge(new_models, on="model")
        new = joined[joined["is_new"]]
        colours = new_colours(models, list(new["family"]))
        names = [*legend_colours(colours), EXISTING]
        legend_width = LEGEND_HANDLE + text_width(names, SMALL_SIZE)
        side = WIDTH - 2 * MARGIN - GAP - legend_width
        height = max(side * shape_of(joined), LEGEND_ROW * (len(names) + 1.5))
        figure = new_figure(WIDTH, height + 2 * MARGIN)
        axes = axes_at(figure, MARGIN, MARGIN, side, height)
        x_limits, y_limits = limits(joined["x"].to_numpy(), joined["y"].to_numpy(), height / side)
        axes.set(xlim=x_limits, ylim=y_limits, xticks=[], yticks=[])
        axes.spines[:].set(visible=True, color=PALE)
        areas = mark_areas(joined["is_new"])
        _draw_points(axes, joined, colours, areas)
        radii = np.sqrt(areas) / 2 * figure.dpi / POINTS
        labels = choose_labels(
            models[models["model"].isin(new["model"])], new_models[["model", "x", "y"]]
        ).assign(root=False)
        write_names(axes, joined, labels, colours, radii)
        _add_legend(figure, colours, legend_width)
        return figure


def new_colours(models: pd.DataFrame, families: list[str]) -> dict[str, str]:
    """Return the colours of the families of the new models.

    They are the colours of the model map if each of these families has its own colour there.
    """
    on_map = model_colours(models, families)
    return family_colours(families) if OTHER_COLOUR in on_map.values() else on_map


def mark_areas(is_new: pd.Series) -> Vector:
    """Return the area of each marker in square points, smaller in a large group."""
    sizes = is_new.map(is_new.value_counts()).to_numpy(dtype=np.float64)
    areas = is_new.map(AREA).to_numpy(dtype=np.float64)
    shrunk: Vector = areas * np.minimum(1.0, FULL_SIZE_UP_TO / sizes)
    return shrunk


def _draw_points(axes: Axes, joined: pd.DataFrame, colours: dict[str, str], areas: Vector) -> None:
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


def _add_legend(figure: Figure, colours: dict[str, str], width: float) -> None:
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


def caption(inputs: Inputs) -> str:
    """Return the caption, with the errors of distances to new models."""
    n_new, n_existing, n_draws = (
        inputs.metric("new_models.json", key) for key in ("n_new", "n_existing", "n_draws")
    )
    n_unique = inputs.metric("new_models.json", LS_BY_EXISTING, "unique_texts")
    named = "families are named once" if n_new > NAMED_UP_TO else "new models are named"
    return (
        f"New models on a map of few texts, by the papers' estimate ({complete_counts(inputs)}). "
        f"The {n_existing} existing models alone gave the probabilities of {n_draws} draws of "
        "texts by LS sampling, and the threshold at which log-likelihoods are clipped; the "
        f"{n_new} newest models were then added. {named.capitalize()} where there is room. "
        "Relative error of squared distances "
        f"from {n_unique:.0f} unique texts on average: {_errors(inputs, LS_BY_EXISTING)}; from as "
        f"many texts drawn uniformly: {_errors(inputs, UNIFORM_SAME_TEXTS)}."
    )


def _errors(inputs: Inputs, design: str) -> str:
    """Return the relative errors of a design by kind of pair, in words."""
    errors = inputs.table("new_models.csv", "design", "pairs", "relative_error")
    return ", ".join(
        f"{row.relative_error:.0%} {row.pairs.replace('_', ' to ')}"
        for row in errors[errors["design"] == design].itertuples()
    )
