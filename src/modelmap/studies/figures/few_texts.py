"""Errors of the KLs of pretrained models and their descendants from few texts."""

from matplotlib.figure import Figure

from modelmap.figures.colours_and_markers import COLOURS
from modelmap.figures.inputs import Inputs
from modelmap.figures.style import axes_at, log_axes, new_figure, style

TABLE, SUMMARY = "few_texts.csv", "few_texts.json"
LINES = {
    "mixture estimate": ("mixture", "simple random", "-"),
    "papers' estimate, LS draws": ("papers", "with replacement", (0, (4, 2))),
    "papers' estimate": ("papers", "simple random", (0, (1, 1.5))),
}
"""Estimate, way of drawing and dashes of each kind of line."""
KEYS = {
    "mixture estimate": "mixture, simple random",
    "papers' estimate, LS draws": "papers, LS",
    "papers' estimate": "papers, simple random",
}
"""Names of the numbers of texts in the summary, by the name of the line."""
WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM, TOP = 5.2, 3.2, 0.6, 1.75, 0.42, 0.1


def skip_reason(inputs: Inputs) -> str | None:
    """Return why the study few_texts has no results, or None."""
    return inputs.skip_reason(SUMMARY)


def draw(inputs: Inputs) -> Figure:
    """Return relative errors by the number of texts: a line for each model and kind of estimate."""
    table = inputs.table(TABLE, "model", "estimate", "draws", "d", "relative_error")
    with style():
        figure = new_figure(WIDTH, HEIGHT)
        axes = axes_at(figure, LEFT, BOTTOM, WIDTH - LEFT - RIGHT, HEIGHT - BOTTOM - TOP)
        handles = []
        for colour, (estimate, draws, dashes) in zip(COLOURS, LINES.values(), strict=False):
            rows = table[(table["estimate"] == estimate) & (table["draws"] == draws)]
            for _, line in rows.groupby("model", sort=False):
                error = line["relative_error"]
                axes.plot(line["d"], error, color=colour, linestyle=dashes, linewidth=0.9)
            handles += axes.plot([], [], color=colour, linestyle=dashes, linewidth=1.6)
        log_axes(axes)
        axes.set(xlabel="texts", ylabel="relative error")
        place = ((WIDTH - RIGHT + 0.1) / WIDTH, 1 - TOP / HEIGHT)
        figure.legend(
            handles, list(LINES), loc="upper left", bbox_to_anchor=place, handlelength=2.4
        )
        return figure


def caption(inputs: Inputs) -> str:
    """Return the caption, with the texts that an error of 5% needs."""
    models = inputs.metric(SUMMARY, "models")
    needed = [
        f"{name} {_range([found['texts_for_error']['5%'].get(key) for found in models.values()])}"
        for name, key in KEYS.items()
    ]
    return (
        "Relative error of the KL divergences of a model to all other models from samples of "
        f"texts, compared with all texts: a line for each of {len(models)} models, which are "
        f"pretrained or made from such a model. Texts that an error of 5% needs: "
        f"{'; '.join(needed)}."
    )


def _range(numbers: list[int | None]) -> str:
    """Return the least and the greatest number, where None is more than all that were tried."""
    known = [number for number in numbers if number is not None]
    if not known:
        return "more than those tried"
    least = str(min(known))
    greatest = str(max(known)) if len(known) == len(numbers) else "more than those tried"
    return least if least == greatest else f"{least} to {greatest}"
