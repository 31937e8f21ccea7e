"""The errors of placing held-out models, by the number of texts, and the verdicts about them."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from modelmap.figures.inputs import Inputs
from modelmap.figures.style import INK, PALE, axes_at, log_axes, new_figure, style

WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM, TOP, BETWEEN = 7.0, 2.5, 0.5, 0.1, 0.42, 0.25, 0.55
PLAIN_COLOUR, KNOWN_COLOUR, LS_COLOUR = INK, "#D55E00", "#0072B2"
LINES = {"model": "-", "family": "--"}
PAPERS = {"uniform": PLAIN_COLOUR, "ls": LS_COLOUR, "difference": KNOWN_COLOUR}
LABELS = {"uniform": "uniform", "ls": "LS", "difference": "known models"}


def skip_reason(inputs: Inputs) -> str | None:
    """Return why the study place_eval has nothing to draw in one of the panels, or None."""
    tables = [inputs.table(name) for name in ("place_papers.csv", "place_verdicts.csv")]
    has_all = all(len(table) for table in tables)
    return inputs.skip_reason("place_eval.json") or (None if has_all else "too few texts differ")


def draw(inputs: Inputs) -> Figure:
    """Return three panels: errors of KLs, errors of the papers' distances, and verdicts."""
    ends = ("error", "error_low", "error_high")
    plain_ends = tuple(f"plain_{end}" for end in ends)
    errors = inputs.table("place_eval.csv", "held_out", "n_texts", *plain_ends, *ends)
    papers = inputs.table("place_papers.csv", "held_out", "method", "n_texts", *ends)
    verdicts = inputs.table(
        "place_verdicts.csv", "n_cases", "mean_confidence", "right", "confidence_above"
    )
    side = (WIDTH - LEFT - RIGHT - 2 * BETWEEN) / 3
    with style():
        figure = new_figure(WIDTH, HEIGHT)
        panels = [
            axes_at(figure, LEFT + i * (side + BETWEEN), BOTTOM, side, HEIGHT - BOTTOM - TOP)
            for i in range(3)
        ]
        _draw_errors(panels[0], errors)
        _draw_papers(panels[1], papers)
        _draw_verdicts(panels[2], verdicts)
        return figure


def _curve(axes: Axes, rows: pd.DataFrame, prefix: str, colour: str, line: str, label: str) -> None:
    """Draw an error with its band, from the columns of the error and its ends."""
    sizes = rows["n_texts"]
    axes.fill_between(
        sizes,
        rows[f"{prefix}error_low"],
        rows[f"{prefix}error_high"],
        color=colour,
        alpha=0.15,
        linewidth=0,
    )
    axes.plot(sizes, rows[f"{prefix}error"], line, color=colour, linewidth=1.1, label=label)


def _draw_errors(axes: Axes, table: pd.DataFrame) -> None:
    for kind, line in LINES.items():
        rows = table[table["held_out"] == kind]
        end = "" if kind == "model" else ", family held out"
        _curve(axes, rows, "plain_", PLAIN_COLOUR, line, f"these texts alone{end}")
        _curve(axes, rows, "", KNOWN_COLOUR, line, f"known models{end}")
    _finish(axes, "mixture estimate")


def _draw_papers(axes: Axes, table: pd.DataFrame) -> None:
    for method, colour in PAPERS.items():
        for kind, line in LINES.items():
            rows = table[(table["held_out"] == kind) & (table["method"] == method)]
            label = LABELS[method] if kind == "model" else f"{LABELS[method]}, family held out"
            _curve(axes, rows, "", colour, line, label)
    _finish(axes, "papers' estimate")


def _finish(axes: Axes, title: str) -> None:
    log_axes(axes)
    axes.set_xlabel("texts of the new model")
    axes.set_ylabel("relative error")
    axes.set_title(title, fontsize="medium")
    axes.legend(loc="lower left", handlelength=1.6, borderaxespad=0.4, fontsize=5)


def _draw_verdicts(axes: Axes, table: pd.DataFrame) -> None:
    weighted = table.assign(
        stated=table["mean_confidence"] * table["n_cases"], found=table["right"] * table["n_cases"]
    )
    sums = weighted.groupby("confidence_above")[["stated", "found", "n_cases"]].sum()
    axes.plot([0, 1], [0, 1], color=PALE, linewidth=0.7)
    axes.scatter(
        sums["stated"] / sums["n_cases"],
        sums["found"] / sums["n_cases"],
        s=4 + 60 * sums["n_cases"] / sums["n_cases"].max(),
        color=KNOWN_COLOUR,
    )
    axes.set_xlabel("stated confidence")
    axes.set_ylabel("share right")
    axes.set_title("verdicts", fontsize="medium")
    low = min(0.4, float((sums["found"] / sums["n_cases"]).min()) - 0.05)
    axes.set_xlim(low, 1.02)
    axes.set_ylim(low, 1.02)


def caption(inputs: Inputs) -> str:
    """Return the caption, with the verdicts' mean confidence and the share that is right."""
    found = inputs.metric("place_eval.json", "verdicts")
    return (
        "Every model of the map, placed as if it were new, alone or with its whole family held "
        "out. Left: the relative error of its KLs to the other models from its texts alone, and "
        "with the help of the known models (root mean square). Middle: the same for the papers' "
        "distances, with texts drawn uniformly or by length-squared sampling (LS), and by the "
        "difference estimator. Bands: 95% intervals with models as the units. Right: the share "
        "of verdicts that is right, by stated confidence; the area of a point is its number of "
        f"verdicts. Over all, {found['right']:.1%} are right, and the mean confidence is "
        f"{found['mean_confidence']:.1%}."
    )
