"""Bits per byte by model and category: a row per model, in blocks of families."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from modelmap.figures.category_table import Table, boundaries, colour_limits, extension, table
from modelmap.figures.kinship import family_colours, family_handles, legend_colours
from modelmap.figures.style import (
    LEGEND_ROW,
    PAPER,
    POINTS,
    SMALL_SIZE,
    TEXT_SIZE,
    bare,
    look,
    new_figure,
    place,
    text_width,
)
from modelmap.plumbing.arrays import Matrix

MARGIN, GAP, STRIP = 0.06, 0.05, 0.1
BAR, BAR_WITH_TICKS, SHORTEST_BAR, LONGEST_BAR = 0.1, 0.5, 0.8, 1.6
HANDLE = 0.3
LARGEST_ROW, TALLEST = 0.18, 6.2
NARROWEST_COLUMN, WIDEST_COLUMNS, HEAD = 0.36, 5.3, 0.3
SMALLEST_TEXT = 4.8
"""Points: names and numbers that would be smaller are left out."""
SEPARATOR, SEPARATOR_SHARE = 0.9, 0.15
"""Points: the line between families, and its largest share of a mean family's height."""
DARKEST = "#111111"
BRIGHTNESS, DARK = np.array([0.299, 0.587, 0.114]), 0.42


@dataclass(frozen=True)
class Plan:
    """Inches of the figure's parts, and the points of its text where there is any."""

    names: float
    side: float
    column: float
    head: float
    height: float
    body: float
    heads: list[str]
    upright: bool
    name_size: float | None
    number_size: float | None

    @property
    def left(self) -> float:
        return MARGIN + self.names + STRIP + GAP

    @property
    def cells(self) -> float:
        return self.column * len(self.heads)

    @property
    def right(self) -> float:
        return self.left + self.cells + GAP + self.column + 2 * GAP

    @property
    def bottom(self) -> float:
        return MARGIN + self.body - self.height


def plan(content: Table, legend: list[str]) -> Plan:
    """Return how large everything is for as many models and categories as there are."""
    height = min(TALLEST, LARGEST_ROW * len(content.names))
    size = min(SMALL_SIZE, 0.82 * height * POINTS / len(content.names))
    name_size = size if size >= SMALLEST_TEXT else None
    natural = max(NARROWEST_COLUMN, text_width([*content.categories, "mean"], SMALL_SIZE) + 0.08)
    column = min(natural, WIDEST_COLUMNS / (len(content.categories) + 1))
    upright = column < natural
    between = " " if upright else "\n"
    heads = [f"{c}{between}({n})" for c, n in zip(content.categories, content.n_texts, strict=True)]
    numbers_fit = column >= text_width(["00.00"], size) + 0.04
    return Plan(
        names=text_width(content.names, name_size) + GAP if name_size else 0.0,
        side=max(BAR_WITH_TICKS, HANDLE + text_width(["Family", *legend], SMALL_SIZE)),
        column=column,
        head=text_width(heads, SMALL_SIZE) + GAP if upright else HEAD,
        height=height,
        body=max(height, legend_height(legend) + SHORTEST_BAR),
        heads=heads,
        upright=upright,
        name_size=name_size,
        number_size=name_size if numbers_fit else None,
    )


def legend_height(entries: list[str]) -> float:
    """Return the height of the legend with its title and some room below, in inches."""
    return LEGEND_ROW * (len(entries) + 2.2)


def draw(category_bits: pd.DataFrame, models: pd.DataFrame) -> Figure:
    """Return the heat map of bits per byte, numbers in its cells where they can be read."""
    content = table(category_bits, models)
    colours = family_colours(list(models["family"]))
    with look():
        sizes = plan(content, list(legend_colours(colours)))
        width = sizes.right + sizes.side + MARGIN
        figure = new_figure(width, sizes.body + sizes.head + 2 * MARGIN)
        _draw_strip(figure, content, colours, sizes)
        image = _draw_cells(figure, content, sizes)
        _draw_bar(figure, image, content, sizes, legend_height(list(legend_colours(colours))))
        across, up = figure.get_size_inches()
        figure.legend(
            handles=family_handles(colours, "s"),
            title="Family",
            loc="upper left",
            bbox_to_anchor=(sizes.right / across, 1 - (MARGIN + sizes.head) / up),
            alignment="left",
            handlelength=1.2,
        )
        return figure


def _draw_strip(figure: Figure, content: Table, colours: dict[str, str], sizes: Plan) -> None:
    axes = place(figure, sizes.left - GAP - STRIP, sizes.bottom, STRIP, sizes.height)
    shades = np.array([[to_rgb(colours[family])] for family in content.families])
    axes.imshow(shades, aspect="auto", interpolation="none")
    bare(axes)
    _separate(axes, content.families, sizes)
    if sizes.name_size:
        axes.set_yticks(range(len(content.names)), content.names, fontsize=sizes.name_size)
        axes.tick_params(axis="y", length=0, pad=GAP * POINTS)


def _separate(axes: Axes, families: list[str], sizes: Plan) -> None:
    rows = boundaries(families)
    each = sizes.height * POINTS / (len(rows) + 1)
    for row in rows:
        axes.axhline(row - 0.5, color=PAPER, linewidth=min(SEPARATOR, SEPARATOR_SHARE * each))


def _draw_cells(figure: Figure, content: Table, sizes: Plan) -> Any:
    limits = colour_limits(content.bits)
    left = sizes.left + sizes.cells + GAP
    parts = [
        (content.bits, sizes.heads, sizes.left, sizes.cells),
        (content.bits.mean(axis=1, keepdims=True), ["mean"], left, sizes.column),
    ]
    for bits, heads, start, width in parts:
        axes = place(figure, start, sizes.bottom, width, sizes.height)
        image = axes.imshow(bits, cmap="YlGnBu", aspect="auto", interpolation="none")
        image.set_clim(*limits)
        bare(axes)
        axes.xaxis.tick_top()
        axes.set_xticks(range(len(heads)), heads, rotation=90 if sizes.upright else 0)
        axes.tick_params(axis="x", length=0, pad=2)
        _separate(axes, content.families, sizes)
        if sizes.number_size:
            _write_numbers(axes, image, bits, sizes.number_size)
    return image


def _write_numbers(axes: Axes, image: Any, bits: Matrix, size: float) -> None:
    dark = image.to_rgba(bits)[..., :3] @ BRIGHTNESS < DARK
    for (row, column), value in np.ndenumerate(bits):
        shade = PAPER if dark[row, column] else DARKEST
        axes.text(column, row, f"{value:.2f}", size=size, color=shade, ha="center", va="center")


def _draw_bar(figure: Figure, image: Any, content: Table, sizes: Plan, taken: float) -> None:
    height = min(LONGEST_BAR, sizes.body - taken)
    axes = place(figure, sizes.right, MARGIN, BAR, height)
    ends = extension(content.bits, colour_limits(content.bits))
    bar = figure.colorbar(image, cax=axes, extend=ends)
    bar.outline.set_visible(False)
    bar.set_label("bits per byte", size=TEXT_SIZE)
