"""Signals of models that were fine-tuned on texts they are scored on, and of honest ones."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from modelmap.figures.inputs import Inputs
from modelmap.figures.style import INK, PALE, axes_at, new_figure, style

TABLE, SUMMARY = "leakage.csv", "leakage.json"
WIDTH, LEFT, RIGHT, BOTTOM, TOP, ACROSS, UP, HIGH = 7.0, 0.45, 0.1, 0.68, 0.22, 0.5, 0.62, 1.45
SIGNALS = {
    "gain_over_kl": ("gain over KL", "-", "o"),
    "gain_beyond_kl": ("gain beyond KL", "--", "s"),
    "one_sided": ("one-sided", "-.", "^"),
    "uneven_gain": ("uneven gain", (0, (1, 1.2)), "D"),
    "known_texts": ("texts known", (0, (5, 1, 1, 1, 1, 1)), "v"),
}
"""Name, dashes and marker of each signal."""
ARMS = {"honest": ("#0072B2", "o", -1), "leaked": ("#D55E00", "^", 1)}
"""Colour, marker and side of the models with and without leaked texts."""
SIDE = 0.13
"""How far the two are drawn apart, in steps on the axis."""
DETECTED = "share detected"


def skip_reason(inputs: Inputs) -> str | None:
    """Return why the study leakage has no results, or None."""
    return inputs.skip_reason(SUMMARY)


def draw(inputs: Inputs) -> Figure:
    """Return a panel for each signal by the number of steps, and one of the shares detected."""
    table = inputs.table(TABLE, "arm", "steps", *SIGNALS)
    steps = sorted(table["steps"].unique())
    across = (WIDTH - LEFT - RIGHT - 2 * ACROSS) / 3
    with style():
        figure = new_figure(WIDTH, BOTTOM + 2 * HIGH + UP + TOP)
        panels = [
            axes_at(figure, LEFT + i * (across + ACROSS), bottom, across, HIGH)
            for bottom in (BOTTOM + HIGH + UP, BOTTOM)
            for i in range(3)
        ]
        for axes, (signal, (name, *_)) in zip(panels, SIGNALS.items(), strict=False):
            _draw_signal(axes, table, signal, steps)
            axes.set_title(name, fontsize="medium")
        _draw_detected(panels[-1], inputs.metric(SUMMARY, "signals"), steps)
        for axes in panels:
            axes.set_xticks(range(len(steps)), [str(number) for number in steps])
        for axes in panels[3:]:
            axes.set_xlabel("steps of fine-tuning")
        panels[2].legend(loc="upper left", handletextpad=0.2)
        # Below the panels, since the curves take all of the last one.
        figure.legend(
            *panels[-1].get_legend_handles_labels(),
            loc="lower right",
            ncols=len(SIGNALS),
            title=f"{DETECTED}, by signal",
            title_fontsize="small",
            fontsize="small",
            handlelength=3,
            frameon=False,
        )
        return figure


def _draw_signal(axes: Axes, table: pd.DataFrame, signal: str, steps: list[int]) -> None:
    for arm, (colour, marker, side) in ARMS.items():
        rows = table[table["arm"] == arm]
        places = [steps.index(number) + side * SIDE for number in rows["steps"]]
        axes.scatter(
            places,
            rows[signal],
            s=11,
            marker=marker,
            facecolors="none",
            edgecolors=colour,
            linewidths=0.7,
            label=arm,
        )


def _draw_detected(axes: Axes, found: dict[str, Any], steps: list[int]) -> None:
    for signal, (name, dashes, marker) in SIGNALS.items():
        shares = [found[signal][f"after_{number}_steps"]["detected"]["value"] for number in steps]
        colour = PALE if signal == "known_texts" else INK
        axes.plot(
            np.arange(len(steps)),
            shares,
            linestyle=dashes,
            marker=marker,
            markersize=3,
            linewidth=0.9,
            color=colour,
            label=name,
        )
    axes.set_ylim(-0.03, 1.03)
    axes.set_title(DETECTED, fontsize="medium")


def caption(inputs: Inputs) -> str:
    """Return the caption, with the numbers of models and texts."""
    n_models, n_pairs, n_texts, n_leaked, alarms = (
        inputs.metric(SUMMARY, key)
        for key in ("n_models", "n_pairs_of_runs", "n_texts", "n_leaked_texts", "false_alarms")
    )
    some = " or ".join(str(number) for number in dict.fromkeys(n_leaked))
    return (
        f"Signals of {n_models} fine-tunes of the zoo's base models ({n_pairs} pairs of runs, each "
        f"scored after several numbers of steps), on N = {n_texts} texts. Leaked models were "
        f"trained on a part of the texts that has {some} of these, honest ones on other texts of "
        "the same categories. Gain over KL: bits per byte less than the nearest known model, "
        "divided by the KL to it. Gain beyond KL: t statistic over texts of the gain less the "
        "KL. One-sided: absolute mean of tanh(Delta / 2). Uneven gain: standard deviation "
        "of the gain over texts, divided by the root of the KL. Texts known: the gain on leaked "
        "texts less that on others, in bits per byte, for which the texts must be known. Last "
        f"panel: share of leaked models above the limit that {alarms:.0%} of the honest models "
        "exceed."
    )
