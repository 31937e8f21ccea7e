"""How far models move on maps of resampled texts: a panel per setting, an ellipse per model."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection, LineCollection
from matplotlib.figure import Figure

from modelmap.figures.captions import counts
from modelmap.figures.inputs import Inputs
from modelmap.figures.kinship import family_colours, family_handles, legend_colours
from modelmap.figures.style import (
    LEGEND_HANDLE,
    LEGEND_ROW,
    PALE,
    PAPER,
    SMALL_SIZE,
    TEXT_SIZE,
    WIDTH,
    look,
    new_figure,
    place,
    text_width,
)
from modelmap.stability.maps import SAME_TEXTS, displacement_share, ellipses, spread_share
from modelmap.stability.settings import StabilitySettings

MARGIN, GAP, TITLE = 0.05, 0.14, 0.34
"""Inches: around the figure, between panels, and for a title."""
COLUMNS = 2
ROOM = 1.07
"""A panel's size over that of what it holds."""
FULL_SIZE_UP_TO = 60
"""Models; above, points and lines shrink."""
METHODS = {"uniform": "uniform", "ls": "LS", "kl": "KL"}


def draw(models: pd.DataFrame, places: pd.DataFrame, stability: pd.DataFrame) -> Figure:
    """Return one panel per setting of `stability` on the map of `places`."""
    with look():
        joined = models[["model", "family"]].merge(places, on="model")
        colours = family_colours(list(joined["family"]))
        settings = list(pd.unique(stability["setting"]))
        legend_width = LEGEND_HANDLE + text_width(list(legend_colours(colours)), SMALL_SIZE)
        n_columns = min(COLUMNS, len(settings))
        room = WIDTH - 2 * MARGIN - legend_width - n_columns * GAP
        side, n_rows = room / n_columns, -(-len(settings) // n_columns)
        limits, ratio = _limits(joined, stability)
        up = side * ratio
        height = max(n_rows * (up + TITLE), LEGEND_ROW * (len(legend_colours(colours)) + 1.5))
        figure = new_figure(WIDTH, height + 2 * MARGIN)
        for i, setting in enumerate(settings):
            row, column = divmod(i, n_columns)
            bottom = MARGIN + height - (row + 1) * (up + TITLE)
            axes = place(figure, MARGIN + column * (side + GAP), bottom, side, up)
            axes.set(xlim=limits[0], ylim=limits[1], xticks=[], yticks=[])
            axes.spines[:].set(visible=True, color=PALE)
            table = stability[stability["setting"] == setting]
            _panel(axes, joined.merge(table, on="model"), colours)
            axes.set_title(
                f"{title(table)}\n{moved(table, joined)}", fontsize=TEXT_SIZE, loc="left", pad=3
            )
        _legend(figure, colours, legend_width)
        return figure


def title(table: pd.DataFrame) -> str:
    """Return what a setting's maps were drawn from."""
    setting, method, n_draws = table[["setting", "method", "n_draws"]].iloc[0]
    if setting == SAME_TEXTS:
        return f"all {n_draws:,} texts, models in other orders"
    return f"{METHODS[method]} sampling, n = {n_draws:,} draws"


def moved(table: pd.DataFrame, places: pd.DataFrame) -> str:
    """Return the mean displacement in words."""
    share = displacement_share(table, places[["x", "y"]].to_numpy())
    return f"mean displacement {share:.0%} of the map's size"


def _limits(
    joined: pd.DataFrame, stability: pd.DataFrame
) -> tuple[tuple[tuple[float, float], tuple[float, float]], float]:
    """Return x and y limits of one scale that hold points and ellipses, and height over width."""
    ends = []
    for point, mean, variance in (("x", "mean_x", "cov_xx"), ("y", "mean_y", "cov_yy")):
        reach = np.sqrt(stability[variance])
        low = min(joined[point].min(), (stability[mean] - reach).min())
        high = max(joined[point].max(), (stability[mean] + reach).max())
        ends.append((float(low), float(high)))
    (left, right), (low, high) = ends
    across, up = ROOM * max(right - left, 1e-9), ROOM * (high - low)
    ratio = float(np.clip(up / across, 0.6, 1.0))
    across = max(across, up / ratio)
    x, y, half = (left + right) / 2, (low + high) / 2, across / 2
    return ((x - half, x + half), (y - half * ratio, y + half * ratio)), ratio


def _panel(axes: Axes, rows: pd.DataFrame, colours: dict[str, str]) -> None:
    """Draw ellipses at the mean places, points on the model map, and a line from one to other."""
    scale = min(1.0, FULL_SIZE_UP_TO / len(rows)) ** 0.5
    shades = [colours[family] for family in rows["family"]]
    means, points = rows[["mean_x", "mean_y"]].to_numpy(), rows[["x", "y"]].to_numpy()
    axes_and_angle = ellipses(rows).to_numpy().T
    for fill, alpha in ((True, 0.10), (False, 0.7)):
        axes.add_collection(
            EllipseCollection(
                *axes_and_angle,
                units="xy",
                offsets=means,
                offset_transform=axes.transData,
                facecolors=shades if fill else "none",
                edgecolors="none" if fill else shades,
                linewidths=0.5 * scale,
                alpha=alpha,
                zorder=1,
            ),
            autolim=False,
        )
    axes.add_collection(
        LineCollection(
            list(np.stack([points, means], axis=1)), colors=shades, linewidths=0.5 * scale, zorder=2
        ),
        autolim=False,
    )
    axes.scatter(
        points[:, 0],
        points[:, 1],
        s=14 * scale**2,
        c=shades,
        edgecolors=PAPER,
        linewidths=0.4 * scale,
        zorder=3,
    )


def _legend(figure: Figure, colours: dict[str, str], width: float) -> None:
    across, up = figure.get_size_inches()
    figure.legend(
        handles=family_handles(colours),
        title="Family",
        loc="upper left",
        bbox_to_anchor=((across - MARGIN - width) / across, (up - MARGIN) / up),
        alignment="left",
        handlelength=1.2,
    )


def caption(inputs: Inputs, stability: pd.DataFrame, settings: StabilitySettings) -> str:
    """Return the caption of the figure, with the spread of every setting."""
    places = inputs.places[["x", "y"]].to_numpy()
    spreads = ", ".join(
        f"{spread_share(table, places):.0%} ({title(table)})"
        for _, table in stability.groupby("setting", sort=False)
    )
    return (
        f"Stability of the map ({counts(inputs)}): points are the places on the model map, "
        f"ellipses hold 1 standard deviation of the places on {settings.n_runs} maps of "
        "resampled texts, turned and mirrored to fit it but not scaled, and a line joins a point "
        "to the middle of its ellipse. The displacement is the mean distance to the place on the "
        "model map, in shares of the map's size, the root mean squared distance of models from "
        "its centre. With models in other orders all distances between models are the same: what "
        "moves there is moved by t-SNE alone. Root mean squared distances to the models' own mean "
        f"places: {spreads}."
    )
