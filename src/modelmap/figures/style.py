"""One look for every figure, lengths in inches, and saving that gives the same bytes each time."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import matplotlib as mpl
import numpy as np
import seaborn as sns
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

WIDTH = 7.0
"""Inches: two columns of a paper, or a README's whole width."""
POINTS = 72.0
"""To the inch."""
TEXT_SIZE = 7.5
SMALL_SIZE = 6.5
LEGEND_ROW, LEGEND_HANDLE = 0.138, 0.26
"""Inches: the height of a legend's line, and the width of its marker with room."""
MOST_SHAPES = 5000
"""Points, lines and areas that an SVG file holds one by one; more are an image in it."""
INK, PALE, PAPER = "#333333", "#C8C8C8", "white"

LOOK: dict[str, object] = {
    "font.family": "sans-serif",
    # matplotlib brings the first, so that widths are the same everywhere; the others are narrower
    # and stand in where a reader of an SVG file has not got it.
    "font.sans-serif": ["DejaVu Sans", "Helvetica", "Arial", "sans-serif"],
    "font.size": TEXT_SIZE,
    "axes.labelsize": TEXT_SIZE,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": SMALL_SIZE,
    "ytick.labelsize": SMALL_SIZE,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "text.color": INK,
    "legend.fontsize": SMALL_SIZE,
    "legend.title_fontsize": TEXT_SIZE,
    "legend.frameon": False,
    "legend.borderaxespad": 0.0,
    "legend.borderpad": 0.0,
    "legend.labelspacing": 0.45,
    "legend.handletextpad": 0.4,
    "figure.dpi": 150,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    # Text stays text: a tenth of the size of outlines, and it can be searched.
    "svg.fonttype": "none",
    "svg.hashsalt": "modelmap",
}


def look() -> AbstractContextManager[None]:
    """Return the context in which every figure is drawn and saved; outside it nothing changes."""
    base = {**sns.axes_style("white"), **sns.plotting_context("paper")}
    context: AbstractContextManager[None] = mpl.rc_context({**base, **LOOK})
    return context


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of that many inches, which pyplot does not know of."""
    return Figure(figsize=(width, height))


def place(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Return new axes at a place given in inches from the figure's lower left corner."""
    across, up = figure.get_size_inches()
    return figure.add_axes((left / across, bottom / up, width / across, height / up))


def text_width(texts: Sequence[str], size: float) -> float:
    """Return the width of the widest text, in inches and with a little room; 0 for no texts."""
    font = FontProperties(family=["DejaVu Sans"], size=size)
    measure = TextToPath().get_text_width_height_descent
    return (
        max((measure(text, font, ismath=False)[0] for text in texts), default=0.0) * 1.03 / POINTS
    )


def bare(axes: Axes) -> None:
    """Take away ticks and frame."""
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def log_axes(axes: Axes) -> None:
    """Make both axes logarithmic, with numbers at 1, 2 and 5 times powers of ten, 1000 as 1k."""
    axes.set(xscale="log", yscale="log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))


def line_legend(figure: Figure, loc: str, x: float) -> None:
    """Name the lines of the figure's first axes in one row at its top, anchored at `x`, 0 to 1."""
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc=loc,
        ncols=len(handles),
        handlelength=2.2,
        columnspacing=1.4,
        bbox_to_anchor=(x, 1 - 0.08 / figure.get_size_inches()[1]),
    )


def _short(value: float) -> str:
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"


def save_figure(
    figure: Figure, directory: Path, name: str, formats: Sequence[str], dpi: int
) -> list[str]:
    """Return the names of the files written: one per format, with no date and no version in it."""
    _lighten(figure)
    metadata = {"svg": {"Date": None, "Creator": None}, "png": {"Software": None}}
    files = []
    for kind in formats:
        file = f"{name}.{kind}"
        with look():
            figure.savefig(directory / file, format=kind, dpi=dpi, metadata=metadata[kind])
        files.append(file)
    return files


def _lighten(figure: Figure) -> None:
    """Make an image of the marks of a figure that has more than MOST_SHAPES; text stays text."""
    marks = [
        mark for axes in figure.axes for mark in (*axes.collections, *axes.lines, *axes.patches)
    ]
    if sum(_n_shapes(mark) for mark in marks) > MOST_SHAPES:
        for mark in marks:
            mark.set_rasterized(True)


def _n_shapes(mark: Artist) -> int:
    if isinstance(mark, Collection):
        return max(len(np.asarray(mark.get_offsets())), len(mark.get_paths()))
    return 1
