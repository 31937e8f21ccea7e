"""The heat map of KL divergences, in the order of a hierarchical clustering, with its tree."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from modelmap.figures.colours_and_markers import family_handles, legend_colours, model_colours
from modelmap.figures.dendrogram import brackets, leaf_order, pure_families
from modelmap.figures.inputs import ESTIMATES, Inputs, counts
from modelmap.figures.scale import Scale, scale_for
from modelmap.figures.style import (
    INK,
    POINTS,
    SMALL_SIZE,
    TEXT_SIZE,
    WIDTH,
    axes_at,
    hide_ticks_and_frame,
    new_figure,
    style,
    text_width,
)
from modelmap.plumbing.arrays import Matrix

MARGIN, GAP, TREE, STRIP = 0.1, 0.04, 0.85, 0.1
SMALLEST_SIDE, LARGEST_SIDE, LARGEST_CELL = 2.4, 5.0, 0.42
BAR_DROP, BAR, FOOT = 0.16, 0.09, 0.66
LEGEND_ROW, LEGEND_HANDLE = 0.16, 0.4
SMALLEST_TEXT = 4.2
"""Points: names are left out if they would be smaller."""
ROUNDING = 1e-6
TICKS_APART = 0.27
"""A share of the width of the tree: the least distance between its ticks."""
RAW_UP_TO = 400
"""Models; with more, the image is resampled to the pixels of the figure."""


@dataclass(frozen=True)
class Heatmap:
    """The rows of the heat map from top to bottom: KL divergences, names and families of models."""

    kl: Matrix
    names: list[str]
    families: list[str]


@dataclass(frozen=True)
class Sizes:
    """Sizes of the parts of the figure in inches, and the size of names in points, if any."""

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


def heatmap(inputs: Inputs) -> Heatmap:
    """Return the content of the heat map, in the order of the leaves of the tree."""
    models = compared_models(inputs)
    pairs = inputs.table("kl.parquet", "model_a", "model_b", "kl_bits_per_byte")
    order = leaf_order(inputs.table("clusters.parquet", "left", "right"))
    full = _square(pairs, list(models["model"]))
    by_leaf = models.iloc[order]
    return Heatmap(full[np.ix_(order, order)], list(by_leaf["model"]), list(by_leaf["family"]))


def compared_models(inputs: Inputs) -> pd.DataFrame:
    """Return the models that have KLs, in the order of the clusters.

    Columns are model, family and n_params.
    """
    models = inputs.table("models.parquet", "model", "family", "n_params")
    pairs = inputs.table("kl.parquet", "model_a", "model_b")
    return models[models["model"].isin(pairs.to_numpy().ravel())].reset_index(drop=True)


def _square(pairs: pd.DataFrame, models: list[str]) -> Matrix:
    """Return the KL divergences as a symmetric matrix, zero on its diagonal."""
    wide = pairs.pivot(index="model_a", columns="model_b", values="kl_bits_per_byte")
    above = wide.reindex(index=models, columns=models).fillna(0.0).to_numpy()
    full: Matrix = above + above.T
    return full


def name_size(n_models: int, side: float) -> float | None:
    """Return the size of names in points beside `side` inches of rows, or None if too small."""
    size = min(SMALL_SIZE, 0.9 * side * POINTS / n_models)
    return size if size >= SMALLEST_TEXT else None


def sizes_for(names: list[str], legend: list[str]) -> Sizes:
    """Return the sizes for these names of models and entries of the legend."""
    room = WIDTH - 2 * MARGIN - TREE - STRIP - 3 * GAP
    largest = min(LARGEST_SIDE, max(SMALLEST_SIDE, LARGEST_CELL * len(names)))
    side, size = largest, name_size(len(names), largest)
    while size and side > SMALLEST_SIDE and side + text_width(names, size) > room + ROUNDING:
        # Smaller names need less room beside the rows, and fewer inches of rows make them smaller.
        side = max(SMALLEST_SIDE, room - text_width(names, size))
        size = name_size(len(names), side)
    side = side if size else min(largest, room)
    beside = text_width(names, size) + GAP if size else 0.0
    width = 2 * MARGIN + TREE + STRIP + 2 * GAP + side + beside
    entry = text_width(legend, SMALL_SIZE) + LEGEND_HANDLE
    columns = max(1, min(len(legend), int((width - 2 * MARGIN) / entry)))
    return Sizes(side, beside, size, columns, LEGEND_ROW * -(-len(legend) // columns))


def draw(inputs: Inputs) -> Figure:
    """Return the heat map, with the tree of the clustering to its left."""
    heat = heatmap(inputs)
    models = compared_models(inputs)
    families = list(models["family"])
    clusters = inputs.table("clusters.parquet", "left", "right", "height_bits_per_byte")
    colours = model_colours(models)
    scale = scale_for(heat.kl[np.triu_indices(len(heat.names), k=1)])
    with style():
        sizes = sizes_for(heat.names, list(legend_colours(colours)))
        figure = new_figure(*sizes.size)
        tree = axes_at(figure, MARGIN, sizes.bottom, TREE, sizes.side)
        _draw_tree(tree, clusters, families, colours, scale)
        strip = axes_at(figure, MARGIN + TREE + GAP, sizes.bottom, STRIP, sizes.side)
        _draw_strip(strip, heat.families, colours)
        axes = axes_at(figure, sizes.left, sizes.bottom, sizes.side, sizes.side)
        image = _draw_heat(axes, heat, scale, sizes.name_size)
        bar = axes_at(figure, sizes.left, sizes.bottom - BAR_DROP - BAR, sizes.side, BAR)
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
    ticks = tree_ticks(scale)
    axes.set_xticks(scale.share(np.array(ticks)), [f"{tick:g}" for tick in ticks])
    axes.set_xlabel("KL of merge")


def tree_ticks(scale: Scale) -> list[float]:
    """Return the ticks of the scale for which the tree has room, from the largest down."""
    chosen: list[float] = []
    for tick in reversed(scale.ticks):
        if not chosen or scale.share(chosen[-1]) - scale.share(tick) >= TICKS_APART:
            chosen.append(tick)
    return chosen


def _draw_strip(axes: Axes, families: list[str], colours: dict[str, str]) -> None:
    shades = np.array([[to_rgb(colours[family])] for family in families])
    axes.imshow(shades, aspect="auto", interpolation=_interpolation(len(families)))
    hide_ticks_and_frame(axes)


def _draw_heat(axes: Axes, heat: Heatmap, scale: Scale, size: float | None) -> Any:
    image = axes.imshow(
        np.maximum(heat.kl, scale.low),
        cmap="viridis",
        norm=scale.norm,
        aspect="auto",
        interpolation=_interpolation(len(heat.names)),
    )
    hide_ticks_and_frame(axes)
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


def caption(inputs: Inputs) -> str:
    """Return the caption, with the median and the largest KL divergence."""
    values = inputs.table("kl.parquet", "kl_bits_per_byte")["kl_bits_per_byte"]
    scale = scale_for(values.to_numpy())
    models = compared_models(inputs)
    legend = list(legend_colours(model_colours(models)))
    is_named = sizes_for(list(models["model"]), legend).name_size is not None
    below = f"; values below {scale.low:g} have its darkest colour" if scale.has_below else ""
    return (
        "KL divergence between every two models in bits per byte, by "
        f"{ESTIMATES[inputs.metric('divergence.json', 'estimate')]} ({counts(inputs)}): "
        f"median {values.median():.3g} and largest {values.max():.3g}. Rows and columns are in "
        "the order of the hierarchical clustering at the left, which is drawn on the same "
        f"{scale.kind}{below}{'' if is_named else '; there are too many models to name them'}."
    )
