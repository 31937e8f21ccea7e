"""Truth and out-of-fold prediction: a panel per target, with the family colours of the map."""

from math import ceil

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from modelmap.figures.colours_and_markers import family_handles, legend_colours, model_colours
from modelmap.figures.inputs import Inputs, complete_counts
from modelmap.figures.style import (
    LEGEND_HANDLE,
    LEGEND_ROW,
    PALE,
    PAPER,
    POINTS,
    SMALL_SIZE,
    TEXT_SIZE,
    WIDTH,
    axes_at,
    new_figure,
    style,
    text_width,
)

COLUMNS = 4
LEFT, BOTTOM, MARGIN, GAP, ACROSS, UP = 0.64, 0.36, 0.06, 0.12, 0.42, 0.38
"""Inches: margins of the figure, before the legend, and between panels across and up."""
ROOM = 0.06
"""A share of the range of values that is left free around the points."""
AREA, SMALLEST_AREA, FULL_SIZE_UP_TO = 14.0, 2.0, 60
"""The largest and smallest area of a marker in square points, and the models up to which it is
the largest."""


def skip_reason(inputs: Inputs) -> str | None:
    """Return why there is nothing to draw, or None."""
    if inputs.table("predictions.parquet", "target").empty:
        return "needs a target that can be predicted, and there is none"
    return None


def draw(inputs: Inputs) -> Figure:
    """Return the scatter plots, with a line on which predictions are exact."""
    models = inputs.table("models.parquet", "model", "family", "n_params")
    predictions = inputs.table("predictions.parquet", "target", "model", "truth", "prediction")
    joined = predictions.merge(models, on="model")
    colours = model_colours(models, joined["family"])
    targets = list(pd.unique(joined["target"]))
    with style():
        legend = list(legend_colours(colours))
        taken = GAP + LEGEND_HANDLE + text_width([*legend, "Family"], SMALL_SIZE) + MARGIN
        side = (WIDTH - LEFT - taken - (COLUMNS - 1) * ACROSS) / COLUMNS
        columns, rows = min(COLUMNS, len(targets)), ceil(len(targets) / COLUMNS)
        height = max(BOTTOM + rows * (side + UP), LEGEND_ROW * (len(legend) + 3.5))
        width = LEFT + columns * (side + ACROSS) - ACROSS + taken
        figure = new_figure(width, height)
        for i, target in enumerate(targets):
            row, column = divmod(i, COLUMNS)
            top = height - UP - row * (side + UP)
            axes = axes_at(figure, LEFT + column * (side + ACROSS), top - side + 0.12, side, side)
            _draw_panel(axes, joined[joined["target"] == target], colours)
            _write_correlations(axes, inputs, target)
            axes.set_title(target, fontsize=TEXT_SIZE, pad=3)
            axes.set_ylabel("prediction" if column == 0 else "")
            axes.set_xlabel("truth" if i + COLUMNS >= len(targets) else "")
        figure.legend(
            handles=family_handles(colours),
            title="Family",
            loc="upper left",
            bbox_to_anchor=((width - taken + GAP) / width, 1 - (UP - 0.12) / height),
            alignment="left",
            handlelength=1.2,
        )
        return figure


def _draw_panel(axes: Axes, rows: pd.DataFrame, colours: dict[str, str]) -> None:
    low, high = limits(rows)
    axes.plot([low, high], [low, high], color=PALE, linewidth=0.8, zorder=1)
    axes.scatter(
        rows["truth"],
        rows["prediction"],
        s=max(SMALLEST_AREA, AREA * min(1.0, FULL_SIZE_UP_TO / len(rows))),
        c=[colours[family] for family in rows["family"]],
        edgecolors=PAPER if len(rows) <= FULL_SIZE_UP_TO else "none",
        linewidths=0.3,
        zorder=3,
    )
    axes.set(xlim=(low, high), ylim=(low, high), aspect="equal")
    axes.locator_params(nbins=3)


def _write_correlations(axes: Axes, inputs: Inputs, target: str) -> None:
    found = {
        name: inputs.metric("predict.json", "targets", target, f"first_split_{name.lower()}")
        for name in ("Pearson", "Spearman")
    }
    lines = [
        f"{name} {'undefined' if value is None else f'{value:.2f}'}"
        for name, value in found.items()
    ]
    axes.annotate(
        "\n".join(lines),
        (1, 0),
        xytext=(0, 0.04 * POINTS),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="right",
        fontsize=SMALL_SIZE,
    )


def limits(rows: pd.DataFrame) -> tuple[float, float]:
    """Return limits for both axes that hold truths and predictions."""
    values = rows[["truth", "prediction"]].to_numpy()
    room = ROOM * max(float(np.ptp(values)), 1e-9)
    return float(values.min()) - room, float(values.max()) + room


def caption(inputs: Inputs) -> str:
    """Return the caption, with the mean correlation with and without extreme models."""
    predictions = inputs.table("predictions.parquet", "target", "model")
    n_targets, n_models = predictions["target"].nunique(), predictions["model"].nunique()
    is_bits = inputs.metric("predict.json", "targets_from") == "held-out categories"
    unit = ": the bits per byte of each category, from the texts of the others" if is_bits else ""
    mean, without = (
        inputs.metric("predict.json", f"mean_pearson_first_split{ending}")
        for ending in ("", "_without_extremes")
    )
    means = (
        ""
        if mean is None or without is None
        else f" Mean of Pearson's correlation: {mean:.3f}, and {without:.3f} without the most "
        "extreme model of each target."
    )
    return (
        f"Truth and prediction of {n_targets} target{'s' if n_targets != 1 else ''} for "
        f"{n_models} models ({complete_counts(inputs)}){unit}. Each model is predicted by ridge "
        "regression on models of other families, in the first split; models on the line are "
        "predicted exactly."
        f"{means}"
    )
