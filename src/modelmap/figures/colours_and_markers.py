"""The colour of each family of models, and the marker of each kind of model."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

import pandas as pd
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D

from modelmap.figures.style import INK

# The colours of Okabe and Ito that can be seen on white, and four more. As seen with normal,
# red-blind and green-blind eyes, any two are at least 0.09 apart in the colour space OKLab.
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
LARGE = 5_000_000
"""Parameters. Families of smaller models, such as those that are trained here, are drawn apart."""
KINDS = (
    *("base", "pretrained", "checkpoint", "finetune", "merge", "quantised", "layers"),
    "published",
)


@dataclass(frozen=True)
class Mark:
    """A marker: its shape in matplotlib, its area in square points, and whether it is filled."""

    shape: str
    area: float
    filled: bool = True

    @property
    def radius(self) -> float:
        """Return half the marker's width in points."""
        return sqrt(self.area) / 2


# A quantised model lies almost exactly where its parent does. Its marker is a frame, so that the
# marker of the parent can be seen inside it.
MARKS = {
    "base": Mark("o", 52),
    "pretrained": Mark("*", 110),
    "checkpoint": Mark("v", 26),
    "finetune": Mark("^", 30),
    "merge": Mark("D", 22),
    "quantised": Mark("s", 84, filled=False),
    "layers": Mark("p", 40),
    "published": Mark("8", 40),
}
OTHER_MARK = Mark("P", 36)


def kinds_in_order(models: pd.DataFrame) -> list[str]:
    """Return the kinds that occur: first those of KINDS in that order, then others by name."""
    there = set(models["kind"])
    return [kind for kind in KINDS if kind in there] + sorted(there.difference(KINDS))


def family_colours(families: Sequence[str]) -> dict[str, str]:
    """Return a colour for each family, in order of first appearance.

    If there are more families than colours, the largest families have a colour of their own and
    all others share OTHER_COLOUR.
    """
    sizes = pd.Series(list(families)).value_counts(sort=False)
    own = list(sizes.sort_values(ascending=False, kind="stable").index[: len(COLOURS)])
    named = [family for family in sizes.index if family in own]
    colours = dict(zip(named, COLOURS, strict=False))
    return {family: colours.get(family, OTHER_COLOUR) for family in sizes.index}


def is_large(models: pd.DataFrame) -> pd.Series:
    """Return for each model whether its family has a model of at least LARGE parameters.

    `models` has the columns family and n_params. A model of unknown size counts as large.
    """
    sizes = models["n_params"].where(models["n_params"] > 0, LARGE)
    return sizes.groupby(models["family"]).transform("max") >= LARGE


def model_colours(models: pd.DataFrame, shown: Iterable[str] | None = None) -> dict[str, str]:
    """Return the colour of each family of `models`, those with large models first.

    `models` are those of the whole map, so that a family has one colour in all figures. With
    `shown`, families, the result has these alone.
    """
    large = is_large(models)
    colours = family_colours([*models["family"][large], *models["family"][~large]])
    wanted = set(colours if shown is None else shown)
    return {family: colour for family, colour in colours.items() if family in wanted}


def legend_colours(colours: dict[str, str]) -> dict[str, str]:
    """Return the names and colours of a legend: families with a colour, then "n others" if any."""
    own = {family: colour for family, colour in colours.items() if colour != OTHER_COLOUR}
    n_others = len(colours) - len(own)
    return own | ({f"{n_others} others": OTHER_COLOUR} if n_others else {})


def family_handles(colours: dict[str, str], shape: str = "o") -> list[Line2D]:
    """Return the handles of a legend of families."""
    return [
        Line2D([], [], linestyle="", marker=shape, markersize=5, color=colour, label=family)
        for family, colour in legend_colours(colours).items()
    ]


def kind_handles(kinds: Sequence[str]) -> list[Line2D]:
    """Return the handles of a legend of kinds."""
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
    """Return a colour mixed with a share of black. Text in it can be read on white."""
    red, green, blue = to_rgb(colour)
    return red * (1 - share), green * (1 - share), blue * (1 - share)
