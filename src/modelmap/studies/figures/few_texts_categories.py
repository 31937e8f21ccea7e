"""How pretrained models differ on each category of texts: bits per byte and KL divergences."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from modelmap.figures.colours_and_markers import COLOURS
from modelmap.figures.inputs import Inputs
from modelmap.figures.style import INK, PALE, axes_at, new_figure, style, text_width

TABLE, SUMMARY = "few_texts_categories.csv", "few_texts.json"
MORE, KL = "more_bits_per_byte", "kl_bits_per_byte"
WIDTH, RIGHT, BOTTOM, TOP, BETWEEN, ROW, LEGEND, SMALL = 7.0, 0.1, 0.42, 0.06, 0.15, 0.34, 0.15, 7


def skip_reason(inputs: Inputs) -> str | None:
    """Return why the study few_texts has no pairs of pretrained models, or None."""
    if reason := inputs.skip_reason(SUMMARY):
        return reason
    return None if len(inputs.table(TABLE)) else "needs two pretrained models"


def draw(inputs: Inputs) -> Figure:
    """Return two panels with a row for each category, and a colour for each pair of models."""
    columns = [f"{end}{name}" for name in (MORE, KL) for end in ("", "low_", "high_")]
    table = inputs.table(TABLE, "model", "other", "category", *columns)
    pairs = table.groupby(["model", "other"], sort=False)
    order = table.groupby("category")[KL].mean().sort_values().index
    left = text_width(list(order), SMALL) + 0.15
    side = (WIDTH - left - RIGHT - BETWEEN) / 2
    body = ROW * len(order)
    height = BOTTOM + body + TOP + LEGEND * pairs.ngroups + 0.1
    with style():
        figure = new_figure(WIDTH, height)
        panels = [
            axes_at(figure, left + i * (side + BETWEEN), BOTTOM, side, body) for i in range(2)
        ]
        for axes, column in zip(panels, (MORE, KL), strict=True):
            for number, (_, rows) in enumerate(pairs):
                apart = 0.22 * ((pairs.ngroups - 1) / 2 - number)
                _draw_pair(axes, rows.set_index("category").loc[order], column, number, apart)
            axes.set_yticks(range(len(order)), order if axes is panels[0] else [])
            axes.set_ylim(-0.6, len(order) - 0.4)
            axes.tick_params(axis="y", length=0)
            axes.grid(axis="x", color=PALE, linewidth=0.5)
            axes.set_axisbelow(True)
        panels[0].axvline(0, color=INK, linewidth=0.7)
        panels[0].set_xlabel("bits per byte of the second model minus those of the first")
        panels[1].set_xlabel("KL divergence, bits per byte")
        panels[1].set_xlim(left=0)
        _add_legend(figure, panels[0], list(pairs.groups), 1 - TOP / height)
        return figure


def _draw_pair(axes: Axes, rows: pd.DataFrame, column: str, number: int, apart: float) -> None:
    places = [place + apart for place in range(len(rows))]
    colour = COLOURS[number % len(COLOURS)]
    axes.hlines(places, rows[f"low_{column}"], rows[f"high_{column}"], color=colour, linewidth=1.2)
    axes.plot(rows[column], places, "o", color=colour, markersize=3.5)


def _add_legend(figure: Figure, axes: Axes, pairs: list[tuple[str, str]], top: float) -> None:
    handles = [
        axes.plot([], [], "o-", color=COLOURS[number % len(COLOURS)], markersize=3.5)[0]
        for number in range(len(pairs))
    ]
    labels = [f"first {one}, second {other}" for one, other in pairs]
    figure.legend(handles, labels, loc="upper left", bbox_to_anchor=(0.02, top))


def caption(inputs: Inputs) -> str:
    """Return the caption, with the category on which each pair of models differs most."""
    table = inputs.table(TABLE, "model", "other", "category", "n_texts", KL)
    most = table.loc[table.groupby(["model", "other"], sort=False)[KL].idxmax()]
    words = [f"{row.model} and {row.other} on {row.category}" for row in most.itertuples()]
    n_texts = table.drop_duplicates("category")["n_texts"].sum()
    return (
        f"How pretrained models differ by category of texts ({n_texts} texts; the rows are in the "
        "order of the mean KL divergence). Left: the difference in bits per byte; right of 0 the "
        "first model predicts the texts better. Right: KL divergence by the mixture estimate. "
        "Lines are 95% intervals for the documents of a category. The divergence is largest for "
        f"{'; '.join(words)}."
    )
