"""Errors of the sampling methods of Oyama et al. (EMNLP Findings 2025), as in its Figure 2."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from modelmap.figures.inputs import Inputs, complete_counts
from modelmap.figures.sampling_methods import MethodStyle, method_styles
from modelmap.figures.style import (
    INK,
    PALE,
    SMALL_SIZE,
    WIDTH,
    axes_at,
    line_legend,
    log_axes,
    new_figure,
    style,
)

MEASURES = {"relative": "relative error", "absolute": "absolute error"}
AXES = {"n": "draws n", "d": "unique texts d"}
COLUMNS = [
    f"{measure}_{kind}" for measure in MEASURES for kind in ("error", "to_population", "theory")
]
HEIGHT = 4.3
LEFT, RIGHT, BOTTOM, TOP, BETWEEN, ABOVE = 0.55, 0.1, 0.42, 0.42, 0.3, 0.3
"""Inches: margins of the figure, and between panels across and up."""


@dataclass(frozen=True)
class Content:
    """What the panels show: error curves, and the metrics of the stage resample."""

    curves: pd.DataFrame
    metrics: Mapping[str, Any]
    methods: dict[str, MethodStyle]


def _content(inputs: Inputs) -> Content:
    curves = inputs.table("resample.csv", "method", "n", "d", *COLUMNS)
    there = set(curves["method"])
    methods = {key: look for key, look in method_styles(inputs).items() if key in there}
    keys = ["n_texts", *(f"{measure}_baseline" for measure in MEASURES)]
    keys += [f"{method}_{measure}_draws" for method in methods for measure in MEASURES]
    return Content(curves, {key: inputs.metric("resample.json", key) for key in keys}, methods)


def skip_reason(inputs: Inputs) -> str | None:
    """Return why the stage resample measured no errors, or None."""
    return inputs.skip_reason("resample.json")


def draw(inputs: Inputs) -> Figure:
    """Return four panels: both errors against the population, over draws and over unique texts."""
    content = _content(inputs)
    side = (WIDTH - LEFT - RIGHT - BETWEEN) / 2
    tall = (HEIGHT - BOTTOM - TOP - ABOVE) / 2
    with style():
        figure = new_figure(WIDTH, HEIGHT)
        for row, measure in enumerate(MEASURES):
            for column, over in enumerate(AXES):
                axes = axes_at(
                    figure,
                    LEFT + column * (side + BETWEEN),
                    BOTTOM + (1 - row) * (tall + ABOVE),
                    side,
                    tall,
                )
                _draw_panel(axes, content, measure, over)
                axes.tick_params(labelleft=column == 0)
                axes.set_xlabel(AXES[over] if row == 1 else "")
                axes.set_ylabel(MEASURES[measure] if column == 0 else "")
        line_legend(figure, "upper center", 0.5)
        return figure


def _draw_panel(axes: Axes, content: Content, measure: str, over: str) -> None:
    axes.axhline(
        content.metrics[f"{measure}_baseline"],
        color=INK,
        linewidth=0.7,
        linestyle=(0, (4, 2)),
        label="baseline: N / 2 texts",
    )
    _draw_methods(axes, content, measure, over)
    _draw_fresh_samples(axes, content, measure)
    log_axes(axes)
    axes.tick_params(labelsize=SMALL_SIZE)


def _draw_methods(axes: Axes, content: Content, measure: str, over: str) -> None:
    """Draw a line per method, with a dot where the method reaches the baseline."""
    for method, look in content.methods.items():
        curve = content.curves[content.curves["method"] == method]
        error = f"{measure}_to_population"
        axes.plot(
            curve[over], curve[error], color=look.colour, linestyle="-", linewidth=1.2,
            label=look.label,
        )  # fmt: skip
        reached = curve[curve["n"] == content.metrics[f"{method}_{measure}_draws"]]
        if len(reached):
            axes.plot(
                reached[over].iloc[0],
                reached[error].iloc[0],
                marker="o",
                markersize=4,
                color=look.colour,
                markeredgecolor="white",
                zorder=5,
            )


def _draw_fresh_samples(axes: Axes, content: Content, measure: str) -> None:
    """Draw the errors of samples of texts drawn anew: by theory, and as measured."""
    uniform = content.curves[content.curves["method"] == "uniform"]
    is_fresh = uniform["n"] <= content.metrics["n_texts"]
    fresh = uniform[is_fresh]
    axes.plot(
        fresh["n"],
        fresh[f"{measure}_theory"],
        color=INK,
        linewidth=0.8,
        linestyle=":",
        label="fresh sample, theory",
        zorder=1,
    )
    measured = uniform[f"{measure}_error"].where(is_fresh)
    axes.plot(
        uniform["n"], measured, color=PALE, linewidth=2.5, zorder=0, label="fresh sample, measured"
    )


def caption(inputs: Inputs) -> str:
    """Return the caption, with the point at which each method reaches the baseline."""
    points = "; ".join(
        _meeting_point(inputs, key, look.label) for key, look in _content(inputs).methods.items()
    )
    return (
        "Errors of squared distances compared with those of the population of texts "
        f"({complete_counts(inputs)}), by the number of draws with replacement and by the number "
        "of unique texts among them, which is what models must score. They are root mean "
        "squares over "
        f"{inputs.metric('resample.json', 'n_runs')} runs. The baseline is the error of a fresh "
        f"sample of N / 2 texts. The relative error reaches it as follows: {points}."
    )


def _meeting_point(inputs: Inputs, method: str, label: str) -> str:
    n_draws, n_unique, ratio = (
        inputs.metric("resample.json", f"{method}_relative_{key}")
        for key in ("draws", "unique_texts", "ratio_to_uniform")
    )
    if n_draws is None:
        return f"{label} not at all"
    share = f" ({ratio:.2f} of uniform's)" if ratio is not None else ""
    return f"{label} at n = {n_draws}, d = {n_unique}{share}"
