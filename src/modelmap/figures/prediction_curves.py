"""Correlations of predictions from few texts, as in Oyama et al. (EMNLP Findings 2025), Fig. 4."""

from dataclasses import dataclass
from math import ceil
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from modelmap.figures.inputs import Inputs, complete_counts
from modelmap.figures.sampling_methods import MethodStyle, method_styles
from modelmap.figures.style import INK, TEXT_SIZE, WIDTH, axes_at, line_legend, new_figure, style

Measure = Literal["pearson", "spearman"]
NAMES = {"pearson": "Pearson's correlation", "spearman": "Spearman's correlation"}
COLUMNS, TALL = 4, 1.3
LEFT, RIGHT, BOTTOM, TOP, ACROSS, UP = 0.5, 0.08, 0.4, 0.26, 0.12, 0.24
"""Inches: margins of the figure, and between panels across and up."""
LOWEST = -0.5
"""Lower correlations are not shown: from so few texts nothing is predicted."""
LINES = {"all texts": (0, (1, 1.5)), "mean log-likelihood alone": (0, (4, 2))}
"""Values of the column `method` that are drawn as horizontal lines, and the dashes of the lines."""


@dataclass(frozen=True)
class PredictionCurves:
    """The figure of one measure of correlation."""

    measure: Measure

    def skip_reason(self, inputs: Inputs) -> str | None:
        """Return why there is no curve to draw, or None."""
        if not self._targets(inputs):
            return "needs a target that can be predicted, and there is none"
        return None

    def draw(self, inputs: Inputs) -> Figure:
        """Return a panel per target: correlations with bands of one standard deviation."""
        curves = self._curves(inputs)
        targets = self._targets(inputs)
        rows = ceil(len(targets) / COLUMNS)
        side = (WIDTH - LEFT - RIGHT - (COLUMNS - 1) * ACROSS) / COLUMNS
        with style():
            figure = new_figure(WIDTH, BOTTOM + rows * (TALL + UP) + TOP)
            for i, target in enumerate(targets):
                row, column = divmod(i, COLUMNS)
                below = BOTTOM + (rows - 1 - row) * (TALL + UP)
                axes = axes_at(figure, LEFT + column * (side + ACROSS), below, side, TALL)
                is_last = i + COLUMNS >= len(targets)
                panel = curves[curves["target"] == target]
                _draw_panel(axes, panel, self.measure, method_styles(inputs))
                axes.set_title(target, fontsize=TEXT_SIZE, pad=3)
                axes.set_ylim(*limits(curves, self.measure))
                axes.tick_params(labelleft=column == 0, labelbottom=is_last)
                axes.set_ylabel(NAMES[self.measure] if column == 0 else "")
                axes.set_xlabel("unique texts d" if is_last else "")
            line_legend(figure, "upper left", LEFT / WIDTH)
            return figure

    def caption(self, inputs: Inputs) -> str:
        """Return the caption, with the means over targets of both horizontal lines."""
        is_cut = bool((self._curves(inputs)[self.measure] < LOWEST).any())
        return (
            f"{NAMES[self.measure]} between targets and their predictions by ridge regression on "
            f"models of other families ({complete_counts(inputs)}), by the number of unique texts "
            "that give the coordinates, in one sample by each method. Bands are one standard "
            f"deviation over {inputs.metric('predict.json', 'n_splits')} splits by family, not "
            "over samples."
            f"{self._means(inputs)}"
            f"{f' Values below {LOWEST:g} are not shown.' if is_cut else ''}"
        )

    def _targets(self, inputs: Inputs) -> list[str]:
        """Return the targets with a correlation by any sampling method."""
        curves = self._curves(inputs)
        is_sampled = curves["method"].isin(list(method_styles(inputs)))
        there = set(curves.loc[is_sampled & curves[self.measure].notna(), "target"])
        return [target for target in pd.unique(curves["target"]) if target in there]

    def _curves(self, inputs: Inputs) -> pd.DataFrame:
        columns = ("target", "method", "d", self.measure, f"{self.measure}_sd")
        return inputs.table("prediction.csv", *columns)

    def _means(self, inputs: Inputs) -> str:
        n_targets, mean, alone = (
            inputs.metric("predict.json", key)
            for key in ("n_targets_of_means", f"mean_{self.measure}", f"mean_{self.measure}_alone")
        )
        if not n_targets:
            return ""
        return (
            f" Mean over the {n_targets} targets with both lines: {mean:.3f} from all texts, "
            f"{alone:.3f} by the mean log-likelihood alone, without a regression."
        )


def limits(curves: pd.DataFrame, measure: Measure) -> tuple[float, float]:
    """Return the ends of the axis of correlations, the same for all panels."""
    least = float(np.nanmin([*(curves[measure] - curves[f"{measure}_sd"]), 0.8]))
    return max(LOWEST, float(np.floor(least * 10) / 10)), 1.03


def _draw_panel(
    axes: Axes, curves: pd.DataFrame, measure: Measure, styles: dict[str, MethodStyle]
) -> None:
    there = set(curves["method"])
    for method, look in styles.items():
        if method in there:
            curve = curves[curves["method"] == method].sort_values("d")
            middle, spread = curve[measure], curve[f"{measure}_sd"]
            low, high = middle - spread, middle + spread
            axes.fill_between(curve["d"], low, high, color=look.colour, alpha=0.18, linewidth=0)
            axes.plot(curve["d"], middle, color=look.colour, linewidth=1.1, label=look.label)
    for method, dashes in LINES.items():
        for value in curves.loc[curves["method"] == method, measure]:
            axes.axhline(value, color=INK, linewidth=0.7, linestyle=dashes, label=method, zorder=1)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(10))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


PEARSON, SPEARMAN = PredictionCurves("pearson"), PredictionCurves("spearman")
