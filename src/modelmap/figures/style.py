"""One style for every figure, with lengths in inches, and saving that is reproducible."""

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
"""Inches: the width of two columns of a paper, or of a README."""
POINTS = 72.0
"""Per inch."""
TEXT_SIZE = 7.5
SMALL_SIZE = 6.5
LEGEND_ROW, LEGEND_HANDLE = 0.138, 0.26
"""Inches: the height of a row of a legend, and the width of its marker with the space around it."""
MOST_SHAPES = 5000
"""A figure with more points, lines and areas has them as one image in its SVG file."""
INK, PALE, PAPER = "#333333", "#C8C8C8", "white"

STYLE: dict[str, object] = {
    "font.family": "sans-serif",
    # The first font is part of matplotlib, so that text has the same width on every machine. Who
    # opens an SVG file without that font sees one of the others, which are narrower.
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
    # Names of models, families and categories may hold dollar signs: they begin no formula.
    "text.parse_math": False,
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
    # Text is stored as text: files are a tenth of the size of those with outlines, and can be
    # searched.
    "svg.fonttype": "none",
    "svg.hashsalt": "modelmap",
}


def style() -> AbstractContextManager[None]:
    """Return the context of matplotlib settings in which every figure is drawn and saved."""
    base = {**sns.axes_style("white"), **sns.plotting_context("paper")}
    context: AbstractContextManager[None] = mpl.rc_context({**base, **STYLE})
    return context


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches, which pyplot does not keep in memory."""
    return Figure(figsize=(width, height))


def axes_at(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Return new axes of the figure; `left` and `bottom` are inches from its lower left corner."""
    across, up = figure.get_size_inches()
    return figure.add_axes((left / across, bottom / up, width / across, height / up))


def text_width(texts: Sequence[str], size: float) -> float:
    """Return the width of the widest text in inches, with 3% more; 0 for no texts."""
    font = FontProperties(family=["DejaVu Sans"], size=size)
    measure = TextToPath().get_text_width_height_descent
    return (
        max((measure(text, font, ismath=False)[0] for text in texts), default=0.0) * 1.03 / POINTS
    )


def hide_ticks_and_frame(axes: Axes) -> None:
    """Remove the ticks and the frame of axes."""
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def log_axes(axes: Axes) -> None:
    """Make both axes logarithmic, with ticks at 1, 2 and 5 times powers of ten; 1000 is 1k.

    An axis on which nothing is above 0 stays linear.
    """
    limits = axes.dataLim
    for name, axis, least in (
        ("x", axes.xaxis, limits.minposx),
        ("y", axes.yaxis, limits.minposy),
    ):
        if not np.isfinite(least):
            continue
        axes.set(**{f"{name}scale": "log"})
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))


def line_legend(figure: Figure, loc: str, x: float) -> None:
    """Add a legend of the lines of the first axes, in one row at the top of the figure.

    `loc` is the corner of the legend that lies at `x`, a share of the figure's width.
    """
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


def plain_number(value: float) -> str:
    """Return a number without an exponent, as 0.00001 for 1e-5."""
    return f"{value:.12f}".rstrip("0").rstrip(".")


def _short(value: float) -> str:
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"


def save_figure(
    figure: Figure, directory: Path, name: str, formats: Sequence[str], dpi: int
) -> list[str]:
    """Write a figure in each format, and return the paths of the files relative to `directory`.

    There is a folder per format, since DVC shows all files of a folder as plots. Files hold no
    date and no version, so that the same figure gives the same bytes.
    """
    _rasterize_many_shapes(figure)
    metadata = {"svg": {"Date": None, "Creator": None}, "png": {"Software": None}}
    files = []
    for kind in formats:
        file = f"{kind}/{name}.{kind}"
        (directory / kind).mkdir(exist_ok=True)
        with style():
            figure.savefig(directory / file, format=kind, dpi=dpi, metadata=metadata[kind])
        files.append(file)
    return files


def _rasterize_many_shapes(figure: Figure) -> None:
    """Have the marks of a figure with more than MOST_SHAPES saved as an image, but not its text."""
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
