"""The share of the variance on each principal component, and cumulated."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from modelmap.figures.inputs import Inputs, complete_counts
from modelmap.figures.style import INK, axes_at, new_figure, style

MARKED = (
    (0.90, "components_for_90_percent", (4, 2)),
    (0.95, "components_for_95_percent", (1, 1.5)),
)
"""Shares that are marked, the metric with the number of components, and the dashes of the line."""
CURVES = (
    ("cumulative_share", "added up", "#0072B2", 3.0),
    ("variance_share", "each alone", "#A9CBE3", 2.0),
)
SIDE_MARGIN = 1.15
"""The factor by which the axis extends beyond the first and the last component."""
WIDTH, HEIGHT = 4.2, 2.6
LEFT, BOTTOM, MARGIN = 0.55, 0.42, 0.1


def skip_reason(inputs: Inputs) -> str | None:
    """Return why there is no curve to draw, or None."""
    spectrum = inputs.table("spectrum.parquet", "cumulative_share")
    if spectrum.empty:
        return inputs.skip_reason("map.json")
    if spectrum["cumulative_share"].iloc[0] > 1 - 1e-9:
        return "needs at least 2 components with variance, and one holds all of it"
    return None


def draw(inputs: Inputs) -> Figure:
    """Return the shares of variance by component, with lines at 90% and 95%."""
    names = [name for name, *_ in CURVES]
    spectrum = inputs.table("spectrum.parquet", "component", *names)
    component = spectrum["component"].to_numpy()
    with style():
        figure = new_figure(WIDTH, HEIGHT)
        axes = axes_at(figure, LEFT, BOTTOM, WIDTH - LEFT - MARGIN, HEIGHT - BOTTOM - MARGIN)
        for name, label, colour, size in CURVES:
            axes.plot(
                component,
                spectrum[name],
                marker="o",
                markersize=size,
                linewidth=1.2,
                color=colour,
                label=label,
                clip_on=False,
            )
        _mark_shares(axes, inputs)
        limits = (1 / SIDE_MARGIN, len(component) * SIDE_MARGIN)
        axes.set(xscale="log", xlim=limits, ylim=(0, 1.0))
        axes.set_xticks(ticks(len(component)), [str(tick) for tick in ticks(len(component))])
        axes.minorticks_off()
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.set(xlabel="principal component", ylabel="share of variance")
        axes.legend(loc="center right", handlelength=2.2)
        return figure


def _mark_shares(axes: Axes, inputs: Inputs) -> None:
    for share, key, dashes in MARKED:
        n_components = inputs.metric("map.json", key)
        axes.plot(
            [1 / SIDE_MARGIN, n_components, n_components],
            [share, share, 0],
            color=INK,
            linewidth=0.7,
            linestyle=(0, dashes),
            label=f"{share:.0%} with {n_components}",
        )


def ticks(n_components: int) -> list[int]:
    """Return 1, 2, 5, 10, 20, 50 and so on, up to the number of components."""
    steps = [step * 10**power for power in range(7) for step in (1, 2, 5)]
    return [step for step in steps if step <= n_components]


def caption(inputs: Inputs) -> str:
    """Return the caption, with the numbers of components that reach 90% and 95%."""
    reached = " and ".join(
        f"{inputs.metric('map.json', key)} reach {share:.0%}" for share, key, _ in MARKED
    )
    n_components = len(inputs.table("spectrum.parquet", "component"))
    return (
        "Share of the variance of the double-centred log-likelihoods on each principal component, "
        f"and added up ({complete_counts(inputs)}): of {n_components} components, {reached}."
    )
