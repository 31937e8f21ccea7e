"""How families and kinds look: a colour for each family, a marker for each kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import pandas as pd
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D

from modelmap.figures.style import INK

# Okabe and Ito's colours that show on white, and four more at least 0.09 from them and each other
# in OKLab as seen with normal, red-blind and green-blind eyes.
COLOURS = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#D55E00",
    "#56B4E9",
    "#780D0D",
    "#1C3B78",
    "#A6D487",
    "#3B6969",
)
OTHER_COLOUR = "#9A9A9A"
KINDS = ("base", "pretrained", "checkpoint", "finetune", "merge", "quantised", "published")


@dataclass(frozen=True)
class Mark:
    """A marker: its shape, its area in square points, and whether it is filled."""

    shape: str
    area: float
    filled: bool = True

    @property
    def radius(self) -> float:
        """Return half the marker's width in points."""
        return sqrt(self.area) / 2


# Quantised models lie upon the model they were made from: a frame lets it be seen.
MARKS = {
    "base": Mark("o", 52),
    "pretrained": Mark("*", 110),
    "checkpoint": Mark("v", 26),
    "finetune": Mark("^", 30),
    "merge": Mark("D", 22),
    "quantised": Mark("s", 84, filled=False),
    "published": Mark("8", 40),
}
OTHER_MARK = Mark("P", 36)


def kinds_in_order(models: pd.DataFrame) -> list[str]:
    """Return the kinds that occur: the known ones as in KINDS, then others by name."""
    there = set(models["kind"])
    return [kind for kind in KINDS if kind in there] + sorted(there.difference(KINDS))


def family_colours(families: Sequence[str]) -> dict[str, str]:
    """Return a colour for each family, in order of first appearance.

    Where there are more families than colours, the largest have their own and the rest share one.
    """
    sizes = pd.Series(list(families)).value_counts(sort=False)
    own = list(sizes.sort_values(ascending=False, kind="stable").index[: len(COLOURS)])
    named = [family for family in sizes.index if family in own]
    colours = dict(zip(named, COLOURS, strict=False))
    return {family: colours.get(family, OTHER_COLOUR) for family in sizes.index}


def legend_colours(colours: dict[str, str]) -> dict[str, str]:
    """Return what a legend shows: families of their own colour, then the others as one entry."""
    own = {family: colour for family, colour in colours.items() if colour != OTHER_COLOUR}
    n_others = len(colours) - len(own)
    return own | ({f"{n_others} others": OTHER_COLOUR} if n_others else {})


def family_handles(colours: dict[str, str], shape: str = "o") -> list[Line2D]:
    """Return the legend's handles of families."""
    return [
        Line2D([], [], linestyle="", marker=shape, markersize=5, color=colour, label=family)
        for family, colour in legend_colours(colours).items()
    ]


def kind_handles(kinds: Sequence[str]) -> list[Line2D]:
    """Return the legend's handles of kinds."""
    return [
        Line2D(
            [],
            [],
            linestyle="",
            marker=mark.shape,
            markersize=2 * mark.radius,
            color=INK,
            markerfacecolor=INK if mark.filled else "none",
            markeredgewidth=0.8 if not mark.filled else 0.0,
            label=kind,
        )
        for kind in kinds
        for mark in [MARKS.get(kind, OTHER_MARK)]
    ]


def darkened(colour: str, share: float) -> tuple[float, float, float]:
    """Return a colour mixed with that share of black, so that text in it can be read on white."""
    red, green, blue = to_rgb(colour)
    return red * (1 - share), green * (1 - share), blue * (1 - share)
