"""On which side of its point a name has most room."""

import numpy as np
import pandas as pd

from modelmap.figures.map_labels import segments

SIDES = ("east", "northeast", "north", "northwest", "west", "southwest", "south", "southeast")
AROUND = 0.12
"""Of the map's larger side: how far away a point's neighbours are looked for."""
UPON = 0.1
"""Of that distance: what is nearer lies upon the point and has no side."""


def beside(side: str) -> list[str]:
    """Return a side and the two next to it."""
    place = SIDES.index(side)
    return [SIDES[(place + turn) % len(SIDES)] for turn in (0, 1, -1)]


def free_sides(labels: pd.DataFrame, joined: pd.DataFrame) -> list[str]:
    """Return for each name the side of its point that is away from the points around it.

    Nearer points count more, and the other ends of the point's lines count however far they are.
    """
    points = joined[["x", "y"]].to_numpy()
    reach = AROUND * float(np.ptp(points, axis=0).max())
    tied_to = _ties(joined)
    sides = []
    for model, place in zip(labels["model"], labels[["x", "y"]].to_numpy(), strict=True):
        offsets = place - points
        distances = np.hypot(*offsets.T)
        near = (distances > UPON * reach) & (distances < reach)
        tied = joined["model"].isin(tied_to.get(model, set())).to_numpy() & (distances > 0)
        pull = (offsets[near] / distances[near, None] ** 2).sum(axis=0)
        pull += (offsets[tied] / distances[tied, None]).sum(axis=0) / max(reach, 1e-12)
        angle = np.arctan2(pull[1], pull[0])
        sides.append(SIDES[round(angle / (np.pi / 4)) % len(SIDES)])
    return sides


def _ties(joined: pd.DataFrame) -> dict[str, set[str]]:
    """Return the models at the other ends of each model's lines."""
    ties: dict[str, set[str]] = {}
    for child, parent in segments(joined)[["model", "parent"]].itertuples(index=False):
        ties.setdefault(child, set()).add(parent)
        ties.setdefault(parent, set()).add(child)
    return ties
