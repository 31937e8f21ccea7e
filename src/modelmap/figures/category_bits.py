"""Bits per byte by model and category: a row per model, grouped by family."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from modelmap.figures.category_table import Table, boundaries, colour_limits, extension, table
from modelmap.figures.colours_and_markers import family_handles, legend_colours, model_colours
from modelmap.figures.inputs import Inputs, counts
from modelmap.figures.style import (
    LEGEND_ROW,
    PAPER,
    POINTS,
    SMALL_SIZE,
    TEXT_SIZE,
    axes_at,
    hide_ticks_and_frame,
    new_figure,
    style,
    text_width,
)
from modelmap.plumbing.arrays import Matrix

MARGIN, GAP, STRIP = 0.06, 0.05, 0.1
BAR, BAR_WITH_TICKS, SHORTEST_BAR, LONGEST_BAR = 0.1, 0.5, 0.8, 1.6
HANDLE = 0.3
LARGEST_ROW, TALLEST = 0.18, 6.2
NARROWEST_COLUMN, WIDEST_COLUMNS, HEAD = 0.36, 5.3, 0.3
SMALLEST_TEXT = 4.8
"""Points: names and numbers are left out if they would be smaller."""
SEPARATOR, SEPARATOR_SHARE = 0.9, 0.15
"""The width in points of the line between families, and its largest share of their mean height."""
DARKEST = "#111111"
BRIGHTNESS, DARK = np.array([0.299, 0.587, 0.114]), 0.42
"""Weights of red, green and blue in brightness, and the brightness below which text is white."""


@dataclass(frozen=True)
class Sizes:
    """Sizes of the parts of the figure in inches, and of its text in points, if there is any."""

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


def skip_reason(inputs: Inputs) -> str | None:
    """Return why there is nothing to compare, or None."""
    categories = inputs.table("category_bits.parquet", "category")["category"]
    if categories.nunique() < 2:
        return "needs at least 2 categories of texts, and there is 1"
    return None


def sizes_for(content: Table, legend: list[str]) -> Sizes:
    """Return the sizes for this content and these entries of the legend."""
    height = min(TALLEST, LARGEST_ROW * len(content.names))
    size = min(SMALL_SIZE, 0.82 * height * POINTS / len(content.names))
    name_size = size if size >= SMALLEST_TEXT else None
    natural = max(NARROWEST_COLUMN, text_width([*content.categories, "mean"], SMALL_SIZE) + 0.08)
    column = min(natural, WIDEST_COLUMNS / (len(content.categories) + 1))
    upright = column < natural
    between = " " if upright else "\n"
    heads = [f"{c}{between}({n})" for c, n in zip(content.categories, content.n_texts, strict=True)]
    numbers_fit = column >= text_width(["00.00"], size) + 0.04
    return Sizes(
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
    """Return the height of the legend in inches, with its title and space below it."""
    return LEGEND_ROW * (len(entries) + 2.2)


def draw(inputs: Inputs) -> Figure:
    """Return the heat map of bits per byte, with numbers in its cells if they can be read."""
    content = table(inputs)
    colours = model_colours(inputs.table("models.parquet", "family", "n_params"))
    with style():
        sizes = sizes_for(content, list(legend_colours(colours)))
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


def _draw_strip(figure: Figure, content: Table, colours: dict[str, str], sizes: Sizes) -> None:
    axes = axes_at(figure, sizes.left - GAP - STRIP, sizes.bottom, STRIP, sizes.height)
    shades = np.array([[to_rgb(colours[family])] for family in content.families])
    axes.imshow(shades, aspect="auto", interpolation="none")
    hide_ticks_and_frame(axes)
    _draw_separators(axes, content.families, sizes)
    if sizes.name_size:
        axes.set_yticks(range(len(content.names)), content.names, fontsize=sizes.name_size)
        axes.tick_params(axis="y", length=0, pad=GAP * POINTS)


def _draw_separators(axes: Axes, families: list[str], sizes: Sizes) -> None:
    rows = boundaries(families)
    each = sizes.height * POINTS / (len(rows) + 1)
    for row in rows:
        axes.axhline(row - 0.5, color=PAPER, linewidth=min(SEPARATOR, SEPARATOR_SHARE * each))


def _draw_cells(figure: Figure, content: Table, sizes: Sizes) -> Any:
    limits = colour_limits(content.bits)
    left = sizes.left + sizes.cells + GAP
    parts = [
        (content.bits, sizes.heads, sizes.left, sizes.cells),
        (np.nanmean(content.bits, axis=1, keepdims=True), ["mean"], left, sizes.column),
    ]
    for bits, heads, start, width in parts:
        axes = axes_at(figure, start, sizes.bottom, width, sizes.height)
        image = axes.imshow(bits, cmap="YlGnBu", aspect="auto", interpolation="none")
        image.set_clim(*limits)
        hide_ticks_and_frame(axes)
        axes.xaxis.tick_top()
        axes.set_xticks(range(len(heads)), heads, rotation=90 if sizes.upright else 0)
        axes.tick_params(axis="x", length=0, pad=2)
        _draw_separators(axes, content.families, sizes)
        if sizes.number_size:
            _write_numbers(axes, image, bits, sizes.number_size)
    return image


def _write_numbers(axes: Axes, image: Any, bits: Matrix, size: float) -> None:
    dark = image.to_rgba(bits)[..., :3] @ BRIGHTNESS < DARK
    for (row, column), value in np.ndenumerate(bits):
        if np.isnan(value):
            continue
        shade = PAPER if dark[row, column] else DARKEST
        axes.text(column, row, f"{value:.2f}", size=size, color=shade, ha="center", va="center")


def _draw_bar(figure: Figure, image: Any, content: Table, sizes: Sizes, taken: float) -> None:
    height = min(LONGEST_BAR, sizes.body - taken)
    axes = axes_at(figure, sizes.right, MARGIN, BAR, height)
    ends = extension(content.bits, colour_limits(content.bits))
    bar = figure.colorbar(image, cax=axes, extend=ends)
    bar.outline.set_visible(False)
    bar.set_label("bits per byte", size=TEXT_SIZE)


def caption(inputs: Inputs) -> str:
    """Return the caption, with the least and the greatest bits per byte."""
    bits = table(inputs).bits
    n_models, n_complete = (
        inputs.metric("matrix.json", key) for key in ("n_models", "n_models_with_all_texts")
    )
    some = "; models on fewer texts have fewer of each" if n_complete < n_models else ""
    low, high = limits = colour_limits(bits)
    is_clipped = extension(bits, limits) != "neither"
    colours = f"; colours end at {low:.2f} and {high:.2f}" if is_clipped else ""
    return (
        "Bits per byte by model and category of texts, with the number of texts in brackets"
        f"{some} ({counts(inputs)}): least {np.nanmin(bits):.2f}, greatest "
        f"{np.nanmax(bits):.2f}, lower is better{colours}. Families are in the order of their best "
        "model and categories in the order of their mean; the last column is the mean over "
        "categories, each with the same weight."
    )
