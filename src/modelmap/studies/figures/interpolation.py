"""Log-likelihood vectors of mixtures of three models' weights, in the plane of the three models."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from modelmap.figures.inputs import Inputs
from modelmap.figures.style import INK, PALE, SMALL_SIZE, axes_at, new_figure, style

TABLE, SUMMARY = "interpolation.csv", "interpolation.json"
WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM, TOP, BETWEEN = 7.0, 3.1, 0.55, 0.1, 0.42, 0.3, 0.6
FOUND_COLOUR = "#D55E00"
TITLES = {"text": "log-likelihoods of texts, centred", "segment": "log-likelihoods of segments"}
ROOM = 0.2
"""Of the width of the points, on each side: for the names of the corners."""


def skip_reason(inputs: Inputs) -> str | None:
    """Return why the study interpolation has no results, or None."""
    return inputs.skip_reason(SUMMARY)


def draw(inputs: Inputs) -> Figure:
    """Return a panel for texts and one for segments: where models are, and where expected."""
    columns = ("x_nats", "y_nats", "expected_x_nats", "expected_y_nats")
    table = inputs.table(TABLE, "level", "a", "b", *columns)
    # The base model's own name is too long for a panel, and is in the caption.
    names = ["base", *inputs.metric(SUMMARY, "finetunes")]
    side = (WIDTH - LEFT - RIGHT - BETWEEN) / 2
    with style():
        figure = new_figure(WIDTH, HEIGHT)
        for number, (level, title) in enumerate(TITLES.items()):
            left = LEFT + number * (side + BETWEEN)
            axes = axes_at(figure, left, BOTTOM, side, HEIGHT - BOTTOM - TOP)
            rows = table[table["level"] == level]
            _draw_grid(axes, rows)
            _name_corners(axes, rows, names)
            axes.set_title(title, fontsize="medium")
            axes.set(xlabel="nats per text", ylabel="nats per text")
        figure.axes[0].legend(loc="upper left", handletextpad=0.2)
        return figure


def _draw_grid(axes: Axes, rows: pd.DataFrame) -> None:
    for along in ("a", "b"):
        for _, line in rows.groupby(along):
            axes.plot(line["expected_x_nats"], line["expected_y_nats"], color=PALE, linewidth=0.6)
            axes.plot(line["x_nats"], line["y_nats"], color=FOUND_COLOUR, linewidth=0.6)
    axes.scatter(
        rows["expected_x_nats"],
        rows["expected_y_nats"],
        s=16,
        facecolors="none",
        edgecolors=INK,
        linewidths=0.6,
        label="where the weights say",
        zorder=3,
    )
    axes.scatter(
        rows["x_nats"], rows["y_nats"], s=7, color=FOUND_COLOUR, label="where it is", zorder=4
    )
    # Both axes have one scale, so that angles and distances are those of the vectors.
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(ROOM)


def _name_corners(axes: Axes, rows: pd.DataFrame, names: list[str]) -> None:
    """Write the names of the three corners below and above their points, away from the grid."""
    middle = rows["y_nats"].mean()
    for name, (a, b) in zip(names, ((0, 0), (1, 0), (0, 1)), strict=True):
        place = rows.loc[(rows["a"] == a) & (rows["b"] == b), ["x_nats", "y_nats"]].to_numpy()[0]
        axes.annotate(
            name,
            place,
            xytext=(0, -10 if place[1] <= middle else 8),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=SMALL_SIZE,
        )


def caption(inputs: Inputs) -> str:
    """Return the caption, with the shares of variance and their intervals."""
    base, counts, n_texts = (inputs.metric(SUMMARY, key) for key in ("base", "n_models", "n_texts"))
    first, second = inputs.metric(SUMMARY, "finetunes")
    sentences = []
    for level in TITLES:
        found = inputs.metric(SUMMARY, "shares_of_variance", level)
        parts = [
            f"{100 * found[which]['plane']['share']:.1f}% ({100 * found[which]['plane']['low']:.1f}"
            f" to {100 * found[which]['plane']['high']:.1f}) {words}"
            for which, words in (("all", "for all"), ("within_triangle", "within the triangle"))
        ]
        sentences.append(f"{' and '.join(parts)} for {level}s")
    return (
        f"{counts['all']} models with the weights (1 - a - b) base + a {first} + b {second}, where "
        f"base is {base} and the others are its fine-tunes on these categories, scored on N = "
        f"{n_texts} texts, in the plane through the three models' log-likelihood vectors; "
        f"{counts['within_triangle']} of them have a + b <= 1. "
        f"Share of the variance in this plane, with 95% intervals over texts: "
        f"{'; '.join(sentences)}. Lengths are divided by the square root of N."
    )
