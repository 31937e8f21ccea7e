"""Names written on a map where they cover no point and no other name."""

import contextlib
import io
from copy import deepcopy
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import textalloc
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Text

from modelmap.figures.kinship import darkened
from modelmap.figures.map_sides import SIDES, beside, free_sides
from modelmap.figures.style import PAPER, POINTS, SMALL_SIZE, TEXT_SIZE
from modelmap.plumbing.arrays import Vector

INSET = 0.01
"""Of the map's width: the frame's neighbourhood that is kept free."""
SHORT = 8.0
"""Points: a name nearer than this to its mark needs no line to it."""
GAP = 6.0
"""Pixels: between a name and its own mark; other marks are no nearer."""
CLEAR = 3.0
"""Pixels: how near a name's line may come to another name or the centre of a mark."""
TRIES = 6
NEAR, FAR = 0.04, 0.25
"""Of the map's width: how far away names may be, first and where there is no other room."""


@dataclass
class Taken:
    """What names may not cover, in data coordinates: discs of a radius in pixels, and lines.

    Names are discs of no radius around their boxes; the boxes themselves are in pixels.
    """

    x: list[float]
    y: list[float]
    radius: list[float]
    boxes: list[Vector] = field(default_factory=list)
    lines_x: list[Vector] = field(default_factory=list)
    lines_y: list[Vector] = field(default_factory=list)


def write_names(
    axes: Axes, joined: pd.DataFrame, labels: pd.DataFrame, colours: dict[str, str], radii: Vector
) -> None:
    """Write every name that finds room.

    Each first tries the side away from what lies around its point, then every side, then further
    off. Roots go first. `radii` are the marks' in pixels, in the order of `joined`.
    """
    taken = Taken(list(joined["x"]), list(joined["y"]), list(radii))
    left = labels.assign(
        side=free_sides(labels, joined),
        colour=[darkened(colours[family], 0.3) for family in labels["family"]],
        radius=_largest_upon(axes, labels, joined, radii),
    )
    for root in (True, False):
        for side in SIDES:
            here = left[(left["root"] == root) & (left["side"] == side)]
            left = left.drop(_write_near(axes, here, side, taken))
    for side in SIDES[::2]:
        left = left.drop(_write_near(axes, left, side, taken))
    for row in left.index:
        left = left.drop(_write_far(axes, left.loc[[row]], taken))


def _write_far(axes: Axes, row: pd.DataFrame, taken: Taken) -> list[int]:
    """Write one name further off, where its line runs over nothing, or a root's anyhow."""
    refused = deepcopy(taken)
    for tries_left in reversed(range(TRIES)):
        text, leader = _allocate(axes, row, None, FAR, refused)[0]
        if text is None:
            return []
        last = row["root"].iloc[0] and not tries_left
        if last or not _crosses(axes, leader, row["radius"].iloc[0], taken):
            _take(taken, axes, text, leader)
            return list(row.index)
        _take(refused, axes, text, None)
        _remove(text, leader)
    return []


def _write_near(axes: Axes, rows: pd.DataFrame, side: str, taken: Taken) -> list[int]:
    """Return which rows' names were written on that side of their points, or next to it."""
    if rows.empty:
        return []
    written = []
    placed = _allocate(axes, rows, beside(side), NEAR, taken)
    for row, (text, leader) in zip(rows.itertuples(), placed, strict=True):
        if text is None:
            continue
        if _crosses(axes, leader, row.radius, taken):
            _remove(text, leader)
            continue
        _take(taken, axes, text, leader)
        written.append(row.Index)
    return written


def _allocate(
    axes: Axes, rows: pd.DataFrame, sides: list[str] | None, reach: float, taken: Taken
) -> list[tuple[Text | None, Line2D | None]]:
    """Return for each row its name, None if it found no room, and its line to its point if long."""
    # textalloc prints when nothing fits; that is no news here, the name has its turn again.
    with contextlib.redirect_stdout(io.StringIO()):
        _, _, texts, leaders = textalloc.allocate(
            axes,
            rows["x"].to_numpy(),
            rows["y"].to_numpy(),
            list(rows["text"]),
            x_scatter=np.array(taken.x),
            y_scatter=np.array(taken.y),
            scatter_sizes=np.array(taken.radius),
            x_lines=taken.lines_x or None,
            y_lines=taken.lines_y or None,
            text_scatter_sizes=rows["radius"].to_numpy(),
            textsize=[TEXT_SIZE if root else SMALL_SIZE for root in rows["root"]],
            fontweight=["bold" if root else "normal" for root in rows["root"]],
            textcolor=list(rows["colour"]),
            linecolor=list(rows["colour"]),
            linewidth=0.4,
            direction=sides,
            draw_all=False,
            nbr_candidates=400 if sides else 1500,
            min_distance=GAP / _width(axes),
            max_distance=reach,
            margin=(GAP - 1) / _width(axes),
            avoid_label_lines_overlap=True,
            avoid_crossing_label_lines=True,
            xlims=_inset(axes.get_xlim()),
            ylims=_inset(axes.get_ylim()),
            plot_kwargs={"zorder": 2},
            va="bottom",
            zorder=4,
            bbox={"facecolor": PAPER, "edgecolor": "none", "alpha": 0.8, "pad": 0.2},
        )
    radii = rows["radius"]
    lines = [_if_long(axes, line, r) for line, r in zip(leaders, radii, strict=True)]
    return list(zip(texts, lines, strict=True))


def _largest_upon(
    axes: Axes, labels: pd.DataFrame, joined: pd.DataFrame, radii: Vector
) -> list[float]:
    """Return for each name the radius, in pixels, of the largest mark that lies upon its point."""
    points = axes.transData.transform(joined[["x", "y"]].to_numpy())
    places = axes.transData.transform(labels[["x", "y"]].to_numpy())
    apart = np.hypot(*(places[:, None] - points[None]).transpose(2, 0, 1))
    return list((np.where(apart <= radii, apart + radii, 0.0)).max(axis=1))


def _width(axes: Axes) -> float:
    """Return the width of the map in pixels."""
    return float(axes.get_window_extent().width)


def _inset(ends: tuple[float, float]) -> tuple[float, float]:
    room = INSET * (ends[1] - ends[0])
    return ends[0] + room, ends[1] - room


def _if_long(axes: Axes, leader: Line2D | None, radius: float) -> Line2D | None:
    """Return a line from a name to its point if it is of use; otherwise take it away."""
    if leader is None:
        return None
    ends = axes.transData.transform(leader.get_xydata())
    if np.hypot(*(ends[1] - ends[0])) - radius >= SHORT / POINTS * axes.figure.dpi:
        return leader
    leader.remove()
    return None


def _remove(text: Text, leader: Line2D | None) -> None:
    text.remove()
    if leader is not None:
        leader.remove()


def _crosses(axes: Axes, leader: Line2D | None, radius: float, taken: Taken) -> bool:
    """Return whether a line from a name to its point runs over another mark or name."""
    if leader is None:
        return False
    name, point = axes.transData.transform(leader.get_xydata())
    along = name + np.linspace(0, 1, 50)[:, None] * (point - name)
    others = axes.transData.transform(np.column_stack([taken.x, taken.y]))
    others = others[np.hypot(*(others - point).T) > radius + CLEAR]
    apart = np.hypot(*(along[:, None] - others[None]).transpose(2, 0, 1))
    over_name = [((along > low) & (along < high)).all(axis=1).any() for low, high in taken.boxes]
    return bool((apart < CLEAR).any() or any(over_name))


def _take(taken: Taken, axes: Axes, text: Text, leader: Line2D | None) -> None:
    """Cover the name's box with points, closer together than text is high, and keep its line."""
    box = text.get_window_extent()
    taken.boxes.append(np.asarray(box.get_points()))
    across = np.linspace(box.x0, box.x1, int(box.width / box.height) + 2)
    grid = np.stack(np.meshgrid(across, [box.y0, box.y1]), axis=-1).reshape(-1, 2)
    places = axes.transData.inverted().transform(grid)
    taken.x += list(places[:, 0])
    taken.y += list(places[:, 1])
    taken.radius += [0.0] * len(places)
    if leader is not None:
        taken.lines_x.append(np.asarray(leader.get_xdata()))
        taken.lines_y.append(np.asarray(leader.get_ydata()))
