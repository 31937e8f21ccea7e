"""How far models move on maps of resampled texts: a panel per setting, an ellipse per model."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection, LineCollection
from matplotlib.figure import Figure

from modelmap.figures.colours_and_markers import family_handles, legend_colours, model_colours
from modelmap.figures.inputs import Inputs, complete_counts
from modelmap.figures.sampling_methods import abbreviation
from modelmap.figures.style import (
    LEGEND_HANDLE,
    LEGEND_ROW,
    PALE,
    PAPER,
    SMALL_SIZE,
    TEXT_SIZE,
    WIDTH,
    axes_at,
    new_figure,
    style,
    text_width,
)

MARGIN, GAP, TITLE = 0.05, 0.14, 0.34
"""Inches: around the figure, between panels, and for a title."""
COLUMNS = 2
ROOM = 1.07
"""The size of a panel over the extent of its points and ellipses."""
FULL_SIZE_UP_TO = 60
"""Models; with more, points and lines are smaller."""
SAME_TEXTS = "same_texts"
"""The setting in which only the order of the models differs."""
COLUMNS_OF_SETTINGS = ("setting", "method", "n_draws")
COLUMNS_OF_MODELS = (
    *("model", "mean_x", "mean_y", "cov_xx", "cov_yy"),
    *("ellipse_width", "ellipse_height", "ellipse_angle_degrees"),
)


def skip_reason(inputs: Inputs) -> str | None:
    """Return why the stage stability drew no maps, or None."""
    return inputs.skip_reason("stability.json")


def draw(inputs: Inputs) -> Figure:
    """Return one panel per setting, with the model map and the ellipses of that setting."""
    stability = inputs.table("stability.parquet", *COLUMNS_OF_SETTINGS, *COLUMNS_OF_MODELS)
    with style():
        families = inputs.table("models.parquet", "model", "family", "n_params")
        # Resampled maps are of the papers' estimates, as is the map they are compared with.
        places = inputs.table("map.parquet", "model", "x_papers", "y_papers")
        places = places.rename(columns={"x_papers": "x", "y_papers": "y"})
        joined = families.merge(places, on="model")
        colours = model_colours(families, joined.loc[joined["x"].notna(), "family"])
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
            axes = axes_at(figure, MARGIN + column * (side + GAP), bottom, side, up)
            axes.set(xlim=limits[0], ylim=limits[1], xticks=[], yticks=[])
            axes.spines[:].set(visible=True, color=PALE)
            table = stability[stability["setting"] == setting]
            _draw_panel(axes, joined.merge(table, on="model"), colours)
            share = inputs.metric("stability.json", setting, "displacement_share")
            moved = f"mean displacement {share:.0%} of the map's size"
            axes.set_title(f"{title(table)}\n{moved}", fontsize=TEXT_SIZE, loc="left", pad=3)
        _add_legend(figure, colours, legend_width)
        return figure


def title(table: pd.DataFrame) -> str:
    """Return the texts that the maps of a setting were drawn from."""
    setting, method, n_draws = table[["setting", "method", "n_draws"]].iloc[0]
    if setting == SAME_TEXTS:
        return f"all {n_draws:,} texts, models in other orders"
    return f"{abbreviation(method)} sampling, n = {n_draws:,} draws"


def _limits(
    joined: pd.DataFrame, stability: pd.DataFrame
) -> tuple[tuple[tuple[float, float], tuple[float, float]], float]:
    """Return limits of x and y for all panels, with one scale, and the ratio of height to width."""
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


def _draw_panel(axes: Axes, rows: pd.DataFrame, colours: dict[str, str]) -> None:
    """Draw points on the model map, ellipses at the mean positions, and lines between the two."""
    scale = min(1.0, FULL_SIZE_UP_TO / len(rows)) ** 0.5
    shades = [colours[family] for family in rows["family"]]
    means, points = rows[["mean_x", "mean_y"]].to_numpy(), rows[["x", "y"]].to_numpy()
    axes_and_angle = rows[list(COLUMNS_OF_MODELS[-3:])].to_numpy().T
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


def _add_legend(figure: Figure, colours: dict[str, str], width: float) -> None:
    across, up = figure.get_size_inches()
    figure.legend(
        handles=family_handles(colours),
        title="Family",
        loc="upper left",
        bbox_to_anchor=((across - MARGIN - width) / across, (up - MARGIN) / up),
        alignment="left",
        handlelength=1.2,
    )


def caption(inputs: Inputs) -> str:
    """Return the caption, with how far the maps of every setting differ."""
    stability = inputs.table("stability.parquet", *COLUMNS_OF_SETTINGS)
    spreads = ", ".join(
        f"{inputs.metric('stability.json', str(setting), 'spread_share'):.0%} ({title(table)})"
        for setting, table in stability.groupby("setting", sort=False)
    )
    return (
        f"Stability of the map of the papers' estimate ({complete_counts(inputs)}). Points are "
        "positions on that map. Ellipses hold 1 standard deviation of the positions on "
        f"{inputs.metric('stability.json', 'n_runs')} maps of resampled texts, which are rotated "
        "and reflected to fit that map but not scaled; a line joins a point to the middle of "
        "its ellipse. The displacement is the mean distance from the position on that map, as "
        "a share of the size of the map: the root mean square distance of models from its centre. "
        "With models in other orders, all distances between models are the same, and the positions "
        "differ because of t-SNE alone. Root mean square distances of models from their own mean "
        f"positions: {spreads}."
    )
