"""KL divergences by how two models are related, beside the medians of arXiv 2505.15353."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from modelmap.figures.inputs import Inputs, counts
from modelmap.figures.style import INK, PALE, WIDTH, axes_at, new_figure, plain_number, style

MIXTURE, PAPERS = "kl_bits_per_byte", "kl_papers_bits_per_byte"
ESTIMATES = {MIXTURE: ("#0072B2", 0.16), PAPERS: ("#D55E00", -0.16)}
"""Colour of each estimate, and its distance from the middle of a row."""
ROWS = {
    "checkpoint": "checkpoint and final model",
    "finetune": "fine-tune and its base",
    "merge": "merge and its parent",
    "quantised": "rounded copy and original",
    "layers": "fewer layers and all",
    "one family": "other pairs of one family",
    "two families": "models of two families",
}
"""Names of the rows, by the column `relation` of data/kl.parquet."""
PUBLISHED = {
    "checkpoint": {"later 1,000 steps": 0.011, "early 1,000 steps": 0.067},
    "finetune": {"fine-tune": 0.40},
    "quantised": {"int8": 0.44, "4 bit": 0.49},
    "layers": {"adjacent layers": 3.0},
    "one family": {"random pair of one family": 0.95},
    "two families": {"random pair": 2.2},
}
"""Medians in bits per byte of arXiv 2505.15353, version 3, which are by the papers' estimate."""
ROW_HEIGHT, LEFT, RIGHT, BOTTOM, TOP, JITTER, SEED = 0.42, 1.75, 0.1, 0.42, 0.4, 0.09, 0


def skip_reason(inputs: Inputs) -> str | None:
    """Return why there is nothing to draw, or None."""
    return None if (_pairs(inputs)[MIXTURE] > 0).any() else "no two models differ"


def draw(inputs: Inputs) -> Figure:
    """Return a row for each relation, with a point for every pair and both estimates."""
    pairs = _pairs(inputs)
    rows = _rows(pairs)
    height = TOP + len(rows) * ROW_HEIGHT + BOTTOM
    with style():
        figure = new_figure(WIDTH, height)
        axes = axes_at(figure, LEFT, BOTTOM, WIDTH - LEFT - RIGHT, len(rows) * ROW_HEIGHT)
        rng = np.random.default_rng(SEED)
        for place, name in enumerate(rows):
            of_row = pairs[pairs["row"] == name]
            for column in ESTIMATES:
                _draw_estimate(axes, of_row[column], column, -place, rng)
            (relation,) = of_row["relation"].unique()
            published = list(PUBLISHED.get(relation, {}).values())
            axes.plot(published, [-place] * len(published), "D", color=INK, markersize=4, zorder=4)
        _set_axes(axes, rows)
        _add_legend(figure, axes, height)
        return figure


def _pairs(inputs: Inputs) -> pd.DataFrame:
    """Return both estimates of every pair, and the row that it is in."""
    pairs = inputs.table("kl.parquet", "relation", MIXTURE, PAPERS)
    return pairs.assign(
        row=[ROWS.get(name, f"{name} and its parent") for name in pairs["relation"]]
    )


def _rows(pairs: pd.DataFrame) -> list[str]:
    """Return the rows that occur: those of ROWS in their order, and others above the last two."""
    known = list(ROWS.values())
    others = sorted(set(pairs["row"]).difference(known))
    return [name for name in (*known[:-2], *others, *known[-2:]) if name in set(pairs["row"])]


def _draw_estimate(
    axes: Axes, values: pd.Series, column: str, place: float, rng: np.random.Generator
) -> None:
    """Draw the points of one estimate in a row, and a line at their median."""
    values = values[values > 0]
    if values.empty:
        return
    colour, apart = ESTIMATES[column]
    y = place + apart
    spread = rng.uniform(-JITTER, JITTER, len(values))
    axes.scatter(values, y + spread, s=5, color=colour, alpha=0.45, linewidths=0, zorder=2)
    axes.vlines(values.median(), y - 0.16, y + 0.16, color=colour, linewidth=1.8, zorder=3)


def _set_axes(axes: Axes, rows: list[str]) -> None:
    axes.set(xscale="log", ylim=(-len(rows) + 0.5, 0.5), xlabel="bits per byte")
    axes.set_yticks([-place for place in range(len(rows))], rows)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: plain_number(value)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(axis="x", color=PALE, linewidth=0.5)
    axes.set_axisbelow(True)


def _add_legend(figure: Figure, axes: Axes, height: float) -> None:
    handles = [
        axes.plot([], [], "|", color=colour, markersize=8, markeredgewidth=1.8)[0]
        for colour, _ in ESTIMATES.values()
    ]
    handles += axes.plot([], [], "D", color=INK, markersize=4)
    labels = ["mixture estimate, median", "papers' estimate, median", "published median"]
    figure.legend(
        handles, labels, loc="upper left", ncols=3, bbox_to_anchor=(0.02, 1 - 0.06 / height)
    )


def caption(inputs: Inputs) -> str:
    """Return the caption, with the median of each row by both estimates."""
    pairs = _pairs(inputs)
    medians = pairs.groupby("row", sort=False)[[MIXTURE, PAPERS]].median()
    words = [
        f"{name} {medians.loc[name, MIXTURE]:.2g}"
        + (f" ({medians.loc[name, PAPERS]:.2g})" if pd.notna(medians.loc[name, PAPERS]) else "")
        for name in _rows(pairs)
    ]
    return (
        f"The scale of KL divergences by how two models are related ({counts(inputs)}), with a "
        "point for every pair. Medians in bits per byte by the mixture estimate, and in brackets "
        f"by the papers' estimate: {'; '.join(words)}. Diamonds are medians of arXiv 2505.15353 "
        "for models of the hub: training intervals of 1,000 steps, fine-tunes, int8 and 4 bit, "
        "adjacent layers, and random pairs. They are by the papers' estimate, on other models and "
        "texts."
    )
