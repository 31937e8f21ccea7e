"""How far checkpoints move during training, in weights and in log-likelihoods."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from modelmap.figures.inputs import Inputs
from modelmap.figures.style import INK, axes_at, log_axes, new_figure, style

TABLE, SUMMARY = "trajectories.csv", "trajectories.json"
WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM, TOP, BETWEEN = 7.0, 2.9, 0.6, 0.1, 0.42, 0.3, 0.65
MEASURES = {
    "weights": ("squared_weight_distance", "weights", INK, "o"),
    "papers": ("kl_papers_bits_per_byte", "KL, papers' estimate", "#0072B2", "s"),
    "mixture": ("kl_bits_per_byte", "KL, mixture estimate", "#D55E00", "^"),
}
"""Column, name, colour and marker of each measure."""


def skip_reason(inputs: Inputs) -> str | None:
    """Return why the study trajectories has no results, or None."""
    return inputs.skip_reason(SUMMARY)


def draw(inputs: Inputs) -> Figure:
    """Return a panel for each origin: distances by the number of steps, relative to the last."""
    columns = [column for column, *_ in MEASURES.values()]
    table = inputs.table(TABLE, "family", "run", "origin", "lag", *columns)
    origins = sorted(table["origin"].unique())
    side = (WIDTH - LEFT - RIGHT - BETWEEN * (len(origins) - 1)) / len(origins)
    with style():
        figure = new_figure(WIDTH, HEIGHT)
        for number, origin in enumerate(origins):
            left = LEFT + number * (side + BETWEEN)
            axes = axes_at(figure, left, BOTTOM, side, HEIGHT - BOTTOM - TOP)
            found = inputs.metric(SUMMARY, f"from_step_{origin}", "exponents")
            _draw_origin(axes, table[table["origin"] == origin], found)
            axes.set_title(f"from step {origin}", fontsize="medium")
            axes.set(xlabel="further steps", ylabel="squared distance, relative to the last")
        return figure


def _draw_origin(axes: Axes, table: pd.DataFrame, exponents: dict[str, dict[str, float]]) -> None:
    """Draw each run as a thin line with markers, and name the exponents in the legend."""
    for measure, (column, name, colour, marker) in MEASURES.items():
        found = exponents[measure]
        label = f"{name}: {found['mean']:.2f} ({found['low']:.2f} to {found['high']:.2f})"
        for _, rows in table.groupby(["family", "run"]):
            relative = rows[column] / rows[column].iloc[-1]
            axes.plot(
                rows["lag"],
                relative,
                color=colour,
                marker=marker,
                markersize=2.5,
                linewidth=0.7,
                label=label,
            )
            # One line of each measure is in the legend.
            label = "_nolegend_"
    log_axes(axes)
    axes.legend(loc="lower right", title="exponent (95% interval)", handlelength=1.6)


def caption(inputs: Inputs) -> str:
    """Return the caption, with the numbers of runs and texts."""
    n_runs, steps, n_texts, mean_bytes = (
        inputs.metric(SUMMARY, key) for key in ("n_runs", "steps", "n_texts", "mean_bytes")
    )
    families = inputs.table(TABLE, "family")["family"].unique()
    return (
        f"Squared distances between checkpoints of {n_runs} training runs of {steps} steps "
        f"({', '.join(families)}; one line for each run), of all weights and of log-likelihoods of "
        f"N = {n_texts} texts of B = {mean_bytes} bytes on average, divided by the last distance "
        "of the run. The exponents are the slopes of straight lines, with 95% intervals over runs. "
        "A random walk has the exponent 1."
    )
