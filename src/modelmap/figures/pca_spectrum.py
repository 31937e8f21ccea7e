"""The principal components' share of the variance, added up."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from modelmap.figures.style import INK, look, new_figure, place
from modelmap.map.embed import components_for

SHARES = (0.90, 0.95)
DASHES = ((4, 2), (1, 1.5))
CURVES = (
    ("cumulative_share", "added up", "#0072B2", 3.0),
    ("variance_share", "each alone", "#A9CBE3", 2.0),
)
LEAST = 1.15
"""Room to the left and right of the curves, as a factor."""
WIDTH, HEIGHT = 4.2, 2.6
LEFT, BOTTOM, MARGIN = 0.55, 0.42, 0.1


def skip_reason(spectrum: pd.DataFrame) -> str | None:
    """Return why there is no curve to draw, or None."""
    if spectrum["cumulative_share"].iloc[0] > 1 - 1e-9:
        return "needs at least 2 components with variance, and one holds all of it"
    return None


def marks(spectrum: pd.DataFrame) -> list[tuple[float, int]]:
    """Return each share of SHARES with the number of components that reach it."""
    cumulative = spectrum["cumulative_share"].to_numpy()
    return [(share, components_for(cumulative, share)) for share in SHARES]


def ticks(n_components: int) -> list[int]:
    """Return 1, 2, 5, 10, 20, 50 and so on, up to the number of components."""
    steps = [step * 10**power for power in range(7) for step in (1, 2, 5)]
    return [step for step in steps if step <= n_components]


def draw(spectrum: pd.DataFrame) -> Figure:
    """Return the cumulative variance over components, with 90% and 95% marked."""
    component = spectrum["component"].to_numpy()
    with look():
        figure = new_figure(WIDTH, HEIGHT)
        axes = place(figure, LEFT, BOTTOM, WIDTH - LEFT - MARGIN, HEIGHT - BOTTOM - MARGIN)
        for column, label, colour, size in CURVES:
            axes.plot(
                component,
                spectrum[column],
                marker="o",
                markersize=size,
                linewidth=1.2,
                color=colour,
                label=label,
                clip_on=False,
            )
        for (share, needed), dashes in zip(marks(spectrum), DASHES, strict=True):
            label = f"{share:.0%} with {needed}"
            axes.plot(
                [1 / LEAST, needed, needed],
                [share, share, 0],
                color=INK,
                linewidth=0.7,
                linestyle=(0, dashes),
                label=label,
            )
        axes.set(xscale="log", xlim=(1 / LEAST, len(component) * LEAST), ylim=(0, 1.0))
        axes.set_xticks(ticks(len(component)), [str(tick) for tick in ticks(len(component))])
        axes.minorticks_off()
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.set(xlabel="principal component", ylabel="share of variance")
        axes.legend(loc="center right", handlelength=2.2)
        return figure
