"""Writing names on a map so that they cover no point and no other name."""

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

from modelmap.figures.colours_and_markers import darkened
from modelmap.figures.map_sides import SIDES, beside, free_sides
from modelmap.figures.style import PAPER, POINTS, SMALL_SIZE, TEXT_SIZE
from modelmap.plumbing.arrays import Vector

INSET = 0.01
"""A share of the width of the map: no name is nearer to the frame."""
SHORT = 8.0
"""Points: a name nearer than this to its marker needs no line to it."""
GAP = 6.0
"""Pixels: the distance of a name from its marker, and the least distance from other markers."""
CLEAR = 3.0
"""Pixels: the least distance of a line from other names and from the centres of other markers."""
TRIES = 6
"""How many positions further off are tried for a name."""
NEAR, FAR = 0.04, 0.25
"""Shares of the width of the map: the largest distance of a name at first, and at last."""


@dataclass
class Obstacles:
    """What names may not cover: discs around `x` and `y`, and lines, in data coordinates.

    Radii and boxes are in pixels. A written name is in `boxes`, and as discs of radius 0 along
    the edges of its box.
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
    """Write every name for which there is room, the names of roots first.

    A name is tried first on the side that is away from the points around its own, then on every
    side, then at a larger distance. `radii` are those of the markers of `joined`, in pixels.
    """
    obstacles = Obstacles(list(joined["x"]), list(joined["y"]), list(radii))
    left = labels.assign(
        side=free_sides(labels, joined),
        colour=[darkened(colours[family], 0.3) for family in labels["family"]],
        radius=_reach_of_markers(axes, labels, joined, radii),
    )
    for root in (True, False):
        for side in SIDES:
            here = left[(left["root"] == root) & (left["side"] == side)]
            left = left.drop(_write_near(axes, here, side, obstacles))
    for side in SIDES[::2]:
        left = left.drop(_write_near(axes, left, side, obstacles))
    for row in left.index:
        left = left.drop(_write_far(axes, left.loc[[row]], obstacles))


def _write_far(axes: Axes, row: pd.DataFrame, obstacles: Obstacles) -> list[int]:
    """Write one name further off if its line crosses nothing; that of a root even if it does."""
    with_refused = deepcopy(obstacles)
    for tries_left in reversed(range(TRIES)):
        text, leader = _allocate(axes, row, None, FAR, with_refused)[0]
        if text is None:
            return []
        last = row["root"].iloc[0] and not tries_left
        if last or not _crosses(axes, leader, row["radius"].iloc[0], obstacles):
            _add_obstacle(obstacles, axes, text, leader)
            return list(row.index)
        _add_obstacle(with_refused, axes, text, None)
        _remove(text, leader)
    return []


def _write_near(axes: Axes, rows: pd.DataFrame, side: str, obstacles: Obstacles) -> list[int]:
    """Write names on a side of their points or next to it. Return the rows that were written."""
    if rows.empty:
        return []
    written = []
    placed = _allocate(axes, rows, beside(side), NEAR, obstacles)
    for row, (text, leader) in zip(rows.itertuples(), placed, strict=True):
        if text is None:
            continue
        if _crosses(axes, leader, row.radius, obstacles):
            _remove(text, leader)
            continue
        _add_obstacle(obstacles, axes, text, leader)
        written.append(row.Index)
    return written


def _allocate(
    axes: Axes, rows: pd.DataFrame, sides: list[str] | None, reach: float, obstacles: Obstacles
) -> list[tuple[Text | None, Line2D | None]]:
    """Return for each row its text, None without room, and the line to its point, if it is long."""
    # textalloc prints a message if a text does not fit. Here such a text is tried again later.
    with contextlib.redirect_stdout(io.StringIO()):
        _, _, texts, leaders = textalloc.allocate(
            axes,
            rows["x"].to_numpy(),
            rows["y"].to_numpy(),
            list(rows["text"]),
            x_scatter=np.array(obstacles.x),
            y_scatter=np.array(obstacles.y),
            scatter_sizes=np.array(obstacles.radius),
            x_lines=obstacles.lines_x or None,
            y_lines=obstacles.lines_y or None,
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


def _reach_of_markers(
    axes: Axes, labels: pd.DataFrame, joined: pd.DataFrame, radii: Vector
) -> list[float]:
    """Return for each name how far markers at its point reach from that point, in pixels."""
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
    """Return the line from a name to its point, or remove it and return None if it is short."""
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


def _crosses(axes: Axes, leader: Line2D | None, radius: float, obstacles: Obstacles) -> bool:
    """Return whether the line from a name to its point crosses another marker or name."""
    if leader is None:
        return False
    name, point = axes.transData.transform(leader.get_xydata())
    along = name + np.linspace(0, 1, 50)[:, None] * (point - name)
    others = axes.transData.transform(np.column_stack([obstacles.x, obstacles.y]))
    others = others[np.hypot(*(others - point).T) > radius + CLEAR]
    apart = np.hypot(*(along[:, None] - others[None]).transpose(2, 0, 1))
    over_name = [
        ((along > low) & (along < high)).all(axis=1).any() for low, high in obstacles.boxes
    ]
    return bool((apart < CLEAR).any() or any(over_name))


def _add_obstacle(obstacles: Obstacles, axes: Axes, text: Text, leader: Line2D | None) -> None:
    """Add a written name and its line to the obstacles.

    The points along its box are closer together than the height of the text, so that no other
    name fits between them.
    """
    box = text.get_window_extent()
    obstacles.boxes.append(np.asarray(box.get_points()))
    across = np.linspace(box.x0, box.x1, int(box.width / box.height) + 2)
    grid = np.stack(np.meshgrid(across, [box.y0, box.y1]), axis=-1).reshape(-1, 2)
    places = axes.transData.inverted().transform(grid)
    obstacles.x += list(places[:, 0])
    obstacles.y += list(places[:, 1])
    obstacles.radius += [0.0] * len(places)
    if leader is not None:
        obstacles.lines_x.append(np.asarray(leader.get_xdata()))
        obstacles.lines_y.append(np.asarray(leader.get_ydata()))
