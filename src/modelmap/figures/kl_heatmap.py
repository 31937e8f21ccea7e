"""The heat map of KL divergences, in the order of the clustering's leaves, and its tree."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from modelmap.divergence.neighbours import square_form
from modelmap.figures.dendrogram import brackets, leaf_order, pure_families
from modelmap.figures.kinship import family_colours, family_handles, legend_colours
from modelmap.figures.scale import Scale, scale_for
from modelmap.figures.style import (
    INK,
    POINTS,
    SMALL_SIZE,
    TEXT_SIZE,
    WIDTH,
    bare,
    look,
    new_figure,
    place,
    text_width,
)
from modelmap.plumbing.arrays import Matrix

MARGIN, GAP, TREE, STRIP = 0.1, 0.04, 0.85, 0.1
SMALLEST_SIDE, LARGEST_SIDE, LARGEST_CELL = 2.4, 5.0, 0.42
BAR_DROP, BAR, FOOT = 0.16, 0.09, 0.66
LEGEND_ROW, LEGEND_HANDLE = 0.16, 0.4
SMALLEST_TEXT = 4.5
"""Points: names that would be smaller are left out."""
TICKS_APART = 0.27
"""Of the tree's width."""
RAW_UP_TO = 400
"""Models; a larger image is averaged to the picture's dots."""


@dataclass(frozen=True)
class Heat:
    """The heat map's content in the order of the leaves, first on top."""

    kl: Matrix
    names: list[str]
    families: list[str]


@dataclass(frozen=True)
class Plan:
    """Inches of the figure's parts, and the points of its names where there are any."""

    side: float
    names: float
    name_size: float | None
    legend_columns: int
    legend: float

    @property
    def left(self) -> float:
        return MARGIN + TREE + STRIP + 2 * GAP

    @property
    def bottom(self) -> float:
        return MARGIN + self.legend + FOOT

    @property
    def size(self) -> tuple[float, float]:
        return self.left + self.side + self.names + MARGIN, self.bottom + self.side + MARGIN


def ordered(kl: pd.DataFrame, clusters: pd.DataFrame, models: pd.DataFrame) -> Heat:
    """Return the divergences, names and families in the order of the tree's leaves."""
    order = leaf_order(clusters)
    full = square_form(kl, list(models["model"]))
    by_leaf = models.iloc[order]
    return Heat(full[np.ix_(order, order)], list(by_leaf["model"]), list(by_leaf["family"]))


def name_size(n_models: int, side: float) -> float | None:
    """Return the size of names, in points, beside a heat map of that many inches; None if none."""
    size = min(SMALL_SIZE, 0.9 * side * POINTS / n_models)
    return size if size >= SMALLEST_TEXT else None


def plan(names: list[str], legend: list[str]) -> Plan:
    """Return how large everything is for as many models and families as there are."""
    room = WIDTH - 2 * MARGIN - TREE - STRIP - 3 * GAP
    largest = min(LARGEST_SIDE, max(SMALLEST_SIDE, LARGEST_CELL * len(names)))
    side = max(SMALLEST_SIDE, min(largest, room - text_width(names, SMALL_SIZE)))
    size = name_size(len(names), side)
    side = side if size else min(largest, room)
    beside = text_width(names, size) + GAP if size else 0.0
    width = 2 * MARGIN + TREE + STRIP + 2 * GAP + side + beside
    entry = text_width(legend, SMALL_SIZE) + LEGEND_HANDLE
    columns = max(1, min(len(legend), int((width - 2 * MARGIN) / entry)))
    return Plan(side, beside, size, columns, LEGEND_ROW * -(-len(legend) // columns))


def draw(kl: pd.DataFrame, clusters: pd.DataFrame, models: pd.DataFrame) -> Figure:
    """Return the heat map of `kl`, with the tree of `clusters` to its left."""
    heat = ordered(kl, clusters, models)
    colours = family_colours(list(models["family"]))
    scale = scale_for(heat.kl[np.triu_indices(len(heat.names), k=1)])
    with look():
        sizes = plan(heat.names, list(legend_colours(colours)))
        figure = new_figure(*sizes.size)
        tree = place(figure, MARGIN, sizes.bottom, TREE, sizes.side)
        _draw_tree(tree, clusters, list(models["family"]), colours, scale)
        strip = place(figure, MARGIN + TREE + GAP, sizes.bottom, STRIP, sizes.side)
        _draw_strip(strip, heat.families, colours)
        axes = place(figure, sizes.left, sizes.bottom, sizes.side, sizes.side)
        image = _draw_heat(axes, heat, scale, sizes.name_size)
        bar = place(figure, sizes.left, sizes.bottom - BAR_DROP - BAR, sizes.side, BAR)
        _draw_bar(figure, image, bar, scale)
        figure.legend(
            handles=family_handles(colours, "s"),
            loc="lower center",
            bbox_to_anchor=(0.5, MARGIN / sizes.size[1]),
            ncols=sizes.legend_columns,
            columnspacing=1.2,
            handlelength=1.2,
        )
        return figure


def _draw_tree(
    axes: Axes,
    clusters: pd.DataFrame,
    families: list[str],
    colours: dict[str, str],
    scale: Scale,
) -> None:
    corners = brackets(clusters)
    corners[..., 0] = scale.share(corners[..., 0])
    pure = pure_families(clusters, families)
    shades = [colours[family] if family else INK for family in pure]
    axes.add_collection(
        LineCollection(list(corners), colors=shades, linewidths=0.8, clip_on=False), autolim=False
    )
    axes.set(xlim=(1.0, 0.0), ylim=(len(families) - 0.5, -0.5), yticks=[])
    axes.spines["left"].set_visible(False)
    ticks = spread(scale)
    axes.set_xticks(scale.share(np.array(ticks)), [f"{tick:g}" for tick in ticks])
    axes.set_xlabel("KL of merge")


def spread(scale: Scale) -> list[float]:
    """Return as many of the scale's ticks, from the largest down, as the tree has room for."""
    chosen: list[float] = []
    for tick in reversed(scale.ticks):
        if not chosen or scale.share(chosen[-1]) - scale.share(tick) >= TICKS_APART:
            chosen.append(tick)
    return chosen


def _draw_strip(axes: Axes, families: list[str], colours: dict[str, str]) -> None:
    shades = np.array([[to_rgb(colours[family])] for family in families])
    axes.imshow(shades, aspect="auto", interpolation=_interpolation(len(families)))
    bare(axes)


def _draw_heat(axes: Axes, heat: Heat, scale: Scale, size: float | None) -> Any:
    image = axes.imshow(
        np.maximum(heat.kl, scale.low),
        cmap="viridis",
        norm=scale.norm,
        aspect="auto",
        interpolation=_interpolation(len(heat.names)),
    )
    bare(axes)
    if size:
        axes.yaxis.tick_right()
        axes.set_yticks(range(len(heat.names)), heat.names, fontsize=size)
        axes.tick_params(axis="y", length=0, pad=GAP * POINTS)
    return image


def _interpolation(n_models: int) -> str:
    return "none" if n_models <= RAW_UP_TO else "auto"


def _draw_bar(figure: Figure, image: Any, axes: Axes, scale: Scale) -> None:
    extend = "min" if scale.has_below else "neither"
    bar = figure.colorbar(image, cax=axes, orientation="horizontal", extend=extend, extendfrac=0.02)
    bar.set_ticks(scale.ticks, labels=[f"{tick:g}" for tick in scale.ticks])
    bar.ax.minorticks_off()
    bar.outline.set_visible(False)
    bar.set_label(f"KL divergence, bits per byte ({scale.kind})", size=TEXT_SIZE)
