"""The nearest models of some models: KL divergences with their intervals."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from modelmap.figures.colours_and_markers import darkened, model_colours
from modelmap.figures.inputs import ESTIMATES, Inputs, counts
from modelmap.figures.scale import log_ticks
from modelmap.figures.style import (
    INK,
    PALE,
    SMALL_SIZE,
    TEXT_SIZE,
    WIDTH,
    axes_at,
    new_figure,
    style,
    text_width,
)

MOST_MODELS = 12
"""Models whose nearest ones are shown."""
ROW, BOTTOM, TOP, MARGIN, GAP, LEAST_SIDE = 0.145, 0.42, 0.05, 0.08, 0.2, 0.6
"""Inches: height of a row, margins of the figure, between its halves, least width of axes."""
BETWEEN = 0.5
"""Rows between two models."""
BOLD = 1.12
"""How much wider bold text may be."""
NUMBER_SIZE = 5.5
DARKER = 0.25
ENDS = ("low_bits_per_byte", "high_bits_per_byte")


def skip_reason(inputs: Inputs) -> str | None:
    """Return why there is nothing to draw, or None."""
    shown = _shown(inputs)
    return None if (shown["kl_bits_per_byte"] > 0).any() else "no two models differ"


def draw(inputs: Inputs) -> Figure:
    """Return two columns of models, each with its nearest models below it."""
    models, shown = _models(inputs), _shown(inputs)
    colours = model_colours(models)
    shades = {m: colours[f] for m, f in zip(models["model"], models["family"], strict=True)}
    names = list(dict.fromkeys(shown["model"]))
    middle = (len(names) + 1) // 2
    halves = [shown[shown["model"].isin(part)] for part in (names[:middle], names[middle:])]
    with style():
        wide = text_width(names, SMALL_SIZE) * BOLD
        wide = max(wide, text_width(list(shown["neighbour"]), SMALL_SIZE)) + MARGIN
        numbers = text_width([_numbers(row) for row in shown.itertuples()], NUMBER_SIZE) + MARGIN
        side = max(LEAST_SIDE, (WIDTH - MARGIN - GAP) / 2 - wide - numbers)
        half_width = wide + side + numbers + GAP
        tall = ROW * max(_places(half)[-1] + 1 for half in halves if len(half))
        figure = new_figure(MARGIN + 2 * half_width - GAP, TOP + tall + BOTTOM)
        for i, half in enumerate(half for half in halves if len(half)):
            axes = axes_at(figure, MARGIN + i * half_width + wide, BOTTOM, side, tall)
            axes.set_ylim(tall / ROW - 0.4, -0.6)
            _draw_half(axes, half, shades)
            _set_axes(axes, shown)
        return figure


def _places(half: pd.DataFrame) -> list[float]:
    """Return the row of each nearest model, below the row of its model and a little space."""
    number = (half["model"] != half["model"].shift()).cumsum()
    return [i + n + BETWEEN * (n - 1) for i, n in enumerate(number)]


def _draw_half(axes: Axes, half: pd.DataFrame, shades: dict[str, str]) -> None:
    """Draw a row with the name of each model, and below it a row for each nearest model."""
    labels: list[tuple[float, str, str | None]] = []
    for place, row in zip(_places(half), half.itertuples(), strict=True):
        if row.rank == 1:
            labels.append((place - 1, str(row.model), None))
        colour = shades[str(row.neighbour)]
        labels.append((place, str(row.neighbour), colour))
        if row.kl_bits_per_byte > 0:
            axes.plot(row.kl_bits_per_byte, place, "o", color=colour, markersize=3.2)
        axes.annotate(
            _numbers(row),
            (1, place),
            xytext=(3, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            size=NUMBER_SIZE,
            va="center",
        )
    axes.set_yticks([y for y, *_ in labels], [text for _, text, _ in labels])
    for tick, (_, _, shade) in zip(axes.get_yticklabels(), labels, strict=True):
        tick.set_color(INK if shade is None else darkened(shade, DARKER))
        tick.set_fontweight("bold" if shade is None else "normal")


def _numbers(row: Any) -> str:
    """Return the KL of a row and its interval."""
    kl, low, high = (
        "0" if value == 0 else f"{value:#.2g}".rstrip(".")
        for value in (row.kl_bits_per_byte, row.low_bits_per_byte, row.high_bits_per_byte)
    )
    return f"{kl} ({low} to {high})"


def _set_axes(axes: Axes, shown: pd.DataFrame) -> None:
    values = shown.loc[shown["kl_bits_per_byte"] > 0, "kl_bits_per_byte"]
    low, high = values.min() / 2, values.max() * 2
    axes.set(xscale="log", xlim=(low, high))
    powers = log_ticks(low, high)
    # There is room for two numbers.
    axes.set_xticks([powers[0], powers[-1]] if len(powers) > 1 else powers)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("KL, bits per byte", fontsize=TEXT_SIZE)
    axes.grid(axis="x", color=PALE, linewidth=0.5)
    axes.set_axisbelow(True)


def _models(inputs: Inputs) -> pd.DataFrame:
    return inputs.table("models.parquet", "model", "family", "parent", "n_params")


def _chosen(inputs: Inputs) -> list[str]:
    """Return the models that were made from no other, at most MOST_MODELS, the largest first.

    Models of unknown size come last.
    """
    models = _models(inputs)
    roots = models[~models["parent"].isin(set(models["model"]))]
    largest = roots.sort_values("n_params", ascending=False, kind="stable")
    return list(largest["model"].iloc[:MOST_MODELS])


def _shown(inputs: Inputs) -> pd.DataFrame:
    """Return the nearest models of the chosen ones, with the ends of the intervals."""
    nearest = inputs.table(
        "neighbours.parquet", "model", "rank", "neighbour", "kl_bits_per_byte"
    ).sort_values("rank", kind="stable")
    pairs = inputs.table("kl.parquet", "model_a", "model_b", *ENDS)
    names = {"model_a": "model", "model_b": "neighbour"}
    swapped = {"model_b": "model", "model_a": "neighbour"}
    both = pd.concat([pairs.rename(columns=names), pairs.rename(columns=swapped)])
    of_each = dict(list(nearest.merge(both, how="left").groupby("model", sort=False)))
    return pd.concat([of_each[name] for name in _chosen(inputs) if name in of_each])


def caption(inputs: Inputs) -> str:
    """Return the caption, with the number of nearest models and the level of the intervals."""
    models = _models(inputs)
    n_roots = int((~models["parent"].isin(set(models["model"]))).sum())
    which = (
        "each model that was made from no other"
        if n_roots <= MOST_MODELS
        else f"the {MOST_MODELS} largest of {n_roots} models that were made from no other"
    )
    n_nearest = int(_shown(inputs)["rank"].max())
    return (
        f"The {n_nearest} nearest models of {which} ({counts(inputs)}): KL divergences in bits per "
        f"byte by {ESTIMATES[inputs.metric('divergence.json', 'estimate')]}, with "
        f"{inputs.metric('divergence.json', 'confidence'):.0%} intervals in brackets. A model is "
        "in bold above its nearest ones, whose colours are those of their families."
    )
