"""Sampling designs at equal numbers of unique texts, and the plan's predicted error."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from modelmap.figures.inputs import ESTIMATES, Inputs, complete_counts
from modelmap.figures.sampling_methods import MethodStyle, method_styles
from modelmap.figures.style import INK, WIDTH, axes_at, log_axes, new_figure, style

DASHED, SOLID = (0, (2, 1.5)), "-"
WITH_REPLACEMENT = "with replacement"
NOT_DRAWN = "pivotal"
"""Its errors are nearly those of sequential Poisson sampling: its lines would cover those."""
PANEL_HEIGHT, LEFT, RIGHT, BOTTOM, TOP, BETWEEN = 1.9, 0.6, 0.1, 0.42, 0.52, 0.65
HEIGHT = TOP + 2 * (PANEL_HEIGHT + BOTTOM) + 0.15
LABELS = {
    "relative_error": "relative error, papers",
    "mixture_error": "relative error, mixture",
    "absolute_error": "absolute error, papers",
}
"""The drawn columns of the table, and what their axes say."""
IN_CAPTION = (
    ((WITH_REPLACEMENT, "uniform"), "for uniform draws with replacement"),
    (("simple random", "uniform"), "for a simple random sample"),
    ((WITH_REPLACEMENT, "ls"), "for LS draws with replacement"),
    (("sequential Poisson", "ls"), "for LS by sequential Poisson sampling"),
    (("sequential Poisson", "relative"), "for relative sizes by sequential Poisson sampling"),
    (("pivotal", "relative"), "for relative sizes by the pivotal method, which is not drawn"),
)
"""Designs whose errors the caption has: values of the columns draws and size_measure, and words."""


def skip_reason(inputs: Inputs) -> str | None:
    """Return why the stage resample measured no errors, or None."""
    return inputs.skip_reason("resample.json")


def draw(inputs: Inputs) -> Figure:
    """Return four panels: three errors of the designs, and the error of the plan."""
    designs = inputs.table("designs.csv", "draws", "size_measure", "d", *LABELS)
    # Without the mixture estimate its panel is left out.
    measures = [measure for measure in LABELS if designs[measure].notna().any()]
    side = (WIDTH - LEFT - RIGHT - BETWEEN) / 2
    with style():
        figure = new_figure(WIDTH, HEIGHT)
        panels = [
            axes_at(
                figure,
                LEFT + i % 2 * (side + BETWEEN),
                BOTTOM + (1 - i // 2) * (PANEL_HEIGHT + BOTTOM + 0.15),
                side,
                PANEL_HEIGHT,
            )
            for i in range(len(measures) + 1)
        ]
        for axes, measure in zip(panels, measures, strict=False):
            _draw_designs(axes, designs, measure, method_styles(inputs))
        _draw_plan(panels[-1], inputs)
        for axes in panels:
            log_axes(axes)
            axes.set_xlabel("unique texts d")
        _add_legend(figure, panels[0])
        return figure


def _draw_designs(
    axes: Axes, designs: pd.DataFrame, measure: str, styles: dict[str, MethodStyle]
) -> None:
    drawn = designs[designs["draws"] != NOT_DRAWN]
    for (draws, size), line in drawn.groupby(["draws", "size_measure"], sort=False):
        dashes = DASHED if draws == WITH_REPLACEMENT else SOLID
        axes.plot(
            line["d"],
            line[measure],
            color=styles[size].colour,
            linestyle=dashes,
            linewidth=1.2,
            label=styles[size].label if dashes == SOLID else None,
        )
    axes.set_ylabel(LABELS[measure])


def _draw_plan(axes: Axes, inputs: Inputs) -> None:
    plan = inputs.table("plan.csv", "d", "predicted_error", "redrawn_error", "this_order_error")
    axes.plot(plan["d"], plan["predicted_error"], color=INK, linewidth=1.0, label="predicted")
    axes.plot(
        plan["d"], plan["redrawn_error"], "o", color="#780D0D", markersize=4, label="other orders"
    )
    axes.plot(
        plan["d"], plan["this_order_error"], "x", color="#E69F00", markersize=5, label="this order"
    )
    axes.set_ylabel("relative error of the plan")
    axes.legend(loc="lower left", handlelength=1.4, borderaxespad=0.6)


def _add_legend(figure: Figure, axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    (solid,) = axes.plot([], [], color=INK, linestyle=SOLID, linewidth=1.2)
    (dashed,) = axes.plot([], [], color=INK, linestyle=DASHED, linewidth=1.2)
    figure.legend(
        [*handles, solid, dashed],
        [*labels, "without replacement", "with replacement"],
        title="Probabilities by",
        loc="upper left",
        ncols=len(handles) + 2,
        handlelength=2.2,
        columnspacing=1.2,
        alignment="left",
        bbox_to_anchor=(LEFT / WIDTH, 1 - 0.06 / HEIGHT),
    )


def caption(inputs: Inputs) -> str:
    """Return the caption, with the errors of some designs at one number of unique texts."""
    designs = inputs.table("designs.csv", "draws", "size_measure", "d", "share", *LABELS)
    n_unique = inputs.metric("resample.json", "designs_compared_at_unique_texts")
    compared = designs[designs["d"] == n_unique].set_index(["draws", "size_measure"])
    at_share = "".join(_compared(compared, measure) for measure in ("relative", "mixture"))
    return (
        "Errors of the papers' squared distances and of the mixture estimates of KL, compared with "
        f"those from all texts ({complete_counts(inputs)}), for designs with equal numbers of "
        "unique texts. They are root mean squares over "
        f"{inputs.metric('resample.json', 'n_design_runs')} samples.{at_share} Last panel: the "
        "relative error of KL divergences from the plan's first d texts, by "
        f"{ESTIMATES[inputs.metric('plan.json', 'estimate')]}: as predicted before any text is "
        "drawn, the error of this order, and the root mean square of the errors of other orders."
    )


def _compared(compared: pd.DataFrame, measure: str) -> str:
    """Return a sentence with the errors of some designs, or "" if there are none."""
    errors = [
        f"{compared.loc[design, f'{measure}_error']:.3f} {words}"
        for design, words in IN_CAPTION
        if design in compared.index
    ]
    if not errors or compared[f"{measure}_error"].isna().all():
        return ""
    return (
        f" At {compared['share'].iloc[0]:.0%} of the texts the relative error is "
        f"{', '.join(errors)} ({'papers' if measure == 'relative' else measure})."
    )
