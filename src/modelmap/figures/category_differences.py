"""Which categories of texts set two families apart."""

from itertools import combinations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from modelmap.figures.colours_and_markers import model_colours
from modelmap.figures.inputs import Inputs, counts
from modelmap.figures.style import (
    INK,
    PAPER,
    SMALL_SIZE,
    WIDTH,
    axes_at,
    hide_ticks_and_frame,
    new_figure,
    style,
    text_width,
)
from modelmap.plumbing.arrays import Matrix

MOST_FAMILIES = 6
"""Families whose pairs are shown."""
ROW, HEAD, BOTTOM, MARGIN, GAP, BAR = 0.19, 0.24, 0.48, 0.06, 0.1, 0.09
"""Inches: heights of a row, of the names above and of the colour bar's room below; the margin, the
gap before the last column, and the height of the colour bar."""
WIDEST_COLUMN = 0.85
DARK_FROM = 0.55
"""Of the largest difference: text on stronger colours is white."""


def skip_reason(inputs: Inputs) -> str | None:
    """Return why there is nothing to compare, or None."""
    bits = _family_bits(inputs)
    if len(bits) < 2:
        return "needs at least 2 families of models, and there is 1"
    if bits.shape[1] < 2:
        return "needs at least 2 categories of texts, and there is 1"
    if np.ptp(bits.to_numpy(), axis=0).max() == 0:
        return "no two families differ"
    return None


def draw(inputs: Inputs) -> Figure:
    """Return a row for each pair of families and a column for each category."""
    names, values, means = _differences(inputs)
    categories = [str(name) for name in _family_bits(inputs).columns]
    with style():
        left = MARGIN + text_width(names, SMALL_SIZE) + 0.08
        room = WIDTH - left - MARGIN - GAP
        column = min(WIDEST_COLUMN, room / (len(categories) + 1))
        height = len(names) * ROW
        width = left + column * (len(categories) + 1) + GAP + MARGIN
        figure = new_figure(width, HEAD + height + BOTTOM)
        axes = axes_at(figure, left, BOTTOM, column * len(categories), height)
        largest = float(np.nanmax(np.abs(values), initial=1e-9))
        image = axes.imshow(values, cmap="PuOr", vmin=-largest, vmax=largest, aspect="auto")
        _write(axes, values, largest)
        _name(axes, categories, names)
        last = axes_at(figure, left + column * len(categories) + GAP, BOTTOM, column, height)
        last.imshow(np.full((len(names), 1), np.nan), aspect="auto")
        _write(last, means[:, None], np.inf)
        _name(last, ["mean"], [])
        bar = axes_at(figure, left, BOTTOM - 0.06 - BAR, column * len(categories), BAR)
        figure.colorbar(image, cax=bar, orientation="horizontal").outline.set_visible(False)
        bar.set_xlabel("difference of bits per byte, less its mean over categories", labelpad=2)
        return figure


def _family_bits(inputs: Inputs) -> pd.DataFrame:
    """Return the bits per byte by family and category: means over models made from no other.

    The families with the largest models come first, at most MOST_FAMILIES.
    """
    models = inputs.table("models.parquet", "model", "family", "parent", "n_params")
    bits = inputs.table("category_bits.parquet", "model", "category", "bits_per_byte")
    roots = models[~models["parent"].isin(set(models["model"]))]
    order = roots.sort_values("n_params", ascending=False, kind="stable")["family"].unique()
    # The order of families that all figures have: large ones first.
    chosen = [name for name in model_colours(models) if name in order[:MOST_FAMILIES]]
    of_roots = bits.merge(roots[["model", "family"]], on="model").dropna()
    wide = of_roots.pivot_table(index="family", columns="category", values="bits_per_byte")
    return wide.reindex([name for name in chosen if name in wide.index])


def _differences(inputs: Inputs) -> tuple[list[str], Matrix, Matrix]:
    """Return the names of pairs, their differences less the mean, and the means.

    A difference is the bits per byte of the first family minus that of the second.
    """
    bits = _family_bits(inputs)
    pairs = list(combinations(range(len(bits)), 2))
    values = bits.to_numpy()
    raw = np.array([values[i] - values[j] for i, j in pairs])
    means = np.nanmean(raw, axis=1)
    names = [f"{bits.index[i]} and {bits.index[j]}" for i, j in pairs]
    return names, raw - means[:, None], means


def _write(axes: Axes, values: Matrix, largest: float) -> None:
    """Write the numbers into the cells."""
    for (row, column), value in np.ndenumerate(values):
        if not np.isnan(value):
            colour = PAPER if abs(value) > DARK_FROM * largest else INK
            # Adding 0 turns -0 into 0.
            number = f"{round(value, 2) + 0.0:+.2f}"
            axes.text(column, row, number, size=SMALL_SIZE, color=colour, ha="center", va="center")


def _name(axes: Axes, columns: list[str], rows: list[str]) -> None:
    hide_ticks_and_frame(axes)
    axes.xaxis.tick_top()
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0)


def caption(inputs: Inputs) -> str:
    """Return the caption, with the category that sets two families apart most."""
    names, values, _ = _differences(inputs)
    categories = _family_bits(inputs).columns
    row, column = np.unravel_index(int(np.nanargmax(np.abs(values))), values.shape)
    n_families = inputs.table("models.parquet", "family")["family"].nunique()
    which = (
        f", of the {MOST_FAMILIES} families with the largest models"
        if n_families > MOST_FAMILIES
        else ""
    )
    return (
        f"Which categories of texts set two families apart{which} ({counts(inputs)}): bits per "
        "byte of the first family minus those of the second, less the mean of this difference over "
        "categories, which the last column has. Negative numbers: the first family is better on "
        "the category than its mean says. A family stands for its models that were made from no "
        f"other. The largest is {values[row, column]:+.2f} bits per byte, of {names[row]} on "
        f"{categories[column]}."
    )
