"""Errors of the KLs of pretrained models from few texts, by both estimates."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from modelmap.figures.colours_and_markers import COLOURS
from modelmap.figures.inputs import Inputs
from modelmap.figures.style import INK, axes_at, log_axes, new_figure, style

TABLE, SUMMARY = "few_texts.csv", "few_texts.json"
MIXTURE, PAPERS, LS = "mixture estimate", "papers' estimate", "papers' estimate, LS draws"
LINES = {
    MIXTURE: ("mixture", "simple random", "-"),
    PAPERS: ("papers", "simple random", (0, (1, 1.5))),
    LS: ("papers", "with replacement", (0, (4, 2))),
}
"""Estimate, way of drawing and dashes of each kind of line."""
WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM, TOP = 5.2, 3.2, 0.6, 1.9, 0.42, 0.1


def skip_reason(inputs: Inputs) -> str | None:
    """Return why the study few_texts has no results, or None."""
    return inputs.skip_reason(SUMMARY)


def draw(inputs: Inputs) -> Figure:
    """Return relative errors by the number of texts: a colour for each model."""
    table = inputs.table(TABLE, "model", "estimate", "draws", "d", "relative_error")
    with style():
        figure = new_figure(WIDTH, HEIGHT)
        axes = axes_at(figure, LEFT, BOTTOM, WIDTH - LEFT - RIGHT, HEIGHT - BOTTOM - TOP)
        for number, (_, rows) in enumerate(table.groupby("model", sort=False)):
            _draw_model(axes, rows, COLOURS[number % len(COLOURS)])
        log_axes(axes)
        axes.set(xlabel="texts", ylabel="relative error")
        _add_legends(figure, axes, list(table["model"].unique()))
        return figure


def _draw_model(axes: Axes, rows: pd.DataFrame, colour: str) -> None:
    for estimate, draws, dashes in LINES.values():
        line = rows[(rows["estimate"] == estimate) & (rows["draws"] == draws)]
        axes.plot(line["d"], line["relative_error"], color=colour, linestyle=dashes, linewidth=1.2)


def _add_legends(figure: Figure, axes: Axes, models: list[str]) -> None:
    handles = [
        axes.plot([], [], color=INK, linestyle=dashes, linewidth=1.2)[0]
        for _, _, dashes in LINES.values()
    ]
    labels = list(LINES)
    for number, name in enumerate(models):
        handles += axes.plot([], [], color=COLOURS[number % len(COLOURS)], linewidth=3)
        labels.append(name)
    place = ((WIDTH - RIGHT + 0.1) / WIDTH, 1 - TOP / HEIGHT)
    figure.legend(handles, labels, loc="upper left", bbox_to_anchor=place, handlelength=2.0)


def caption(inputs: Inputs) -> str:
    """Return the caption, with the texts that an error of 5% needs."""
    models = inputs.metric(SUMMARY, "models")
    needed = []
    for name, found in models.items():
        counts = found["texts_for_error"]["5%"]
        words = (f"{counts[key] or 'none of those tried'} ({key})" for key in counts)
        needed.append(f"{name}: {', '.join(words)}")
    return (
        "Relative error of the KL divergences of pretrained models to all other models from "
        "samples of texts, compared with all texts. Texts that an error of 5% needs: "
        f"{'; '.join(needed)}."
    )
