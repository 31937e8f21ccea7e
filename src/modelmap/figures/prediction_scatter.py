"""Truth against out-of-fold prediction, a panel per target, families coloured as on the map."""

from math import ceil

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from modelmap.figures.kinship import family_colours, family_handles, legend_colours
from modelmap.figures.style import (
    LEGEND_HANDLE,
    LEGEND_ROW,
    PALE,
    PAPER,
    POINTS,
    SMALL_SIZE,
    TEXT_SIZE,
    WIDTH,
    look,
    new_figure,
    place,
    text_width,
)
from modelmap.predict.correlation import correlations

COLUMNS = 4
LEFT, BOTTOM, MARGIN, GAP, ACROSS, UP = 0.64, 0.36, 0.06, 0.12, 0.42, 0.38
"""Inches: margins of the figure, before the legend, and between panels across and up."""
ROOM = 0.06
"""Of the range of values, around the points."""
AREA, SMALLEST_AREA, FULL_SIZE_UP_TO = 14.0, 2.0, 60
"""Square points of a marker, at most and at least, and the models above which it shrinks."""


def skip_reason(predictions: pd.DataFrame) -> str | None:
    """Return why there is nothing to draw, or None."""
    if predictions.empty:
        return "needs a target that can be predicted, and there is none"
    return None


def draw(predictions: pd.DataFrame, models: pd.DataFrame) -> Figure:
    """Return the scatter plots; models on the line are predicted exactly."""
    colours = family_colours(list(models["family"]))
    joined = predictions.merge(models[["model", "family"]], on="model")
    targets = list(pd.unique(joined["target"]))
    with look():
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
            axes = place(figure, LEFT + column * (side + ACROSS), top - side + 0.12, side, side)
            _panel(axes, joined[joined["target"] == target], colours)
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


def _panel(axes: Axes, rows: pd.DataFrame, colours: dict[str, str]) -> None:
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
    pearson, spearman = correlations(rows["prediction"].to_numpy(), rows["truth"].to_numpy())
    axes.annotate(
        f"Pearson {pearson:.2f}\nSpearman {spearman:.2f}",
        (1, 0),
        xytext=(0, 0.04 * POINTS),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="right",
        fontsize=SMALL_SIZE,
    )
    axes.set(xlim=(low, high), ylim=(low, high), aspect="equal")
    axes.locator_params(nbins=3)


def limits(rows: pd.DataFrame) -> tuple[float, float]:
    """Return limits that hold truths and predictions, for both axes."""
    values = rows[["truth", "prediction"]].to_numpy()
    room = ROOM * max(float(np.ptp(values)), 1e-9)
    return float(values.min()) - room, float(values.max()) + room


def without_extremes(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the rows but one of each target: that of the truth farthest from the mean.

    A single model far from all others can give most of Pearson's correlation, or take it away.
    """
    truth = predictions["truth"]
    apart = (truth - truth.groupby(predictions["target"]).transform("mean")).abs()
    return predictions.drop(apart.groupby(predictions["target"]).idxmax())


def _mean_pearson(predictions: pd.DataFrame) -> float:
    found = [
        correlations(rows["prediction"].to_numpy(), rows["truth"].to_numpy())[0]
        for _, rows in predictions.groupby("target")
    ]
    return float(np.mean(found))


def caption(predictions: pd.DataFrame) -> str:
    """Return the caption, with Pearson's correlation with and without the models farthest away."""
    models = predictions["model"].nunique()
    targets = predictions["target"].nunique()
    every, fewer = _mean_pearson(predictions), _mean_pearson(without_extremes(predictions))
    return (
        f"Truth and prediction of {targets} target{'s' if targets != 1 else ''} for {models} "
        "models, each predicted by ridge regression on models of other families from all texts, "
        "in the first split; models on the line are predicted exactly. Mean of Pearson's "
        f"correlation: {every:.3f}, and {fewer:.3f} without each target's most extreme model."
    )
