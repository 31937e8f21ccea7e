"""The side of its point on which a name has most room."""

import numpy as np
import pandas as pd

from modelmap.figures.map_labels import parent_lines

SIDES = ("east", "northeast", "north", "northwest", "west", "southwest", "south", "southeast")
AROUND = 0.12
"""A share of the larger side of the map: points within this distance are neighbours."""
UPON = 0.1
"""A share of that distance: nearer points are at the same place, and on no side."""


def beside(side: str) -> list[str]:
    """Return a side and the two sides next to it."""
    place = SIDES.index(side)
    return [SIDES[(place + turn) % len(SIDES)] for turn in (0, 1, -1)]


def free_sides(labels: pd.DataFrame, joined: pd.DataFrame) -> list[str]:
    """Return for each name the side of its point that is away from the points around it.

    Nearer points count more. The points to which a line leads count at any distance.
    """
    points = joined[["x", "y"]].to_numpy()
    reach = AROUND * float(np.ptp(points, axis=0).max())
    linked = _linked_models(joined)
    sides = []
    for model, place in zip(labels["model"], labels[["x", "y"]].to_numpy(), strict=True):
        offsets = place - points
        distances = np.hypot(*offsets.T)
        near = (distances > UPON * reach) & (distances < reach)
        ends = joined["model"].isin(linked.get(model, set())).to_numpy() & (distances > 0)
        away = (offsets[near] / distances[near, None] ** 2).sum(axis=0)
        away += (offsets[ends] / distances[ends, None]).sum(axis=0) / max(reach, 1e-12)
        angle = np.arctan2(away[1], away[0])
        sides.append(SIDES[round(angle / (np.pi / 4)) % len(SIDES)])
    return sides


def _linked_models(joined: pd.DataFrame) -> dict[str, set[str]]:
    """Return for each model the models to which a line leads from it."""
    linked: dict[str, set[str]] = {}
    for child, parent in parent_lines(joined)[["model", "parent"]].itertuples(index=False):
        linked.setdefault(child, set()).add(parent)
        linked.setdefault(parent, set()).add(child)
    return linked
