"""The tree of a hierarchical clustering: the order of its leaves, and the lines that are drawn."""

import numpy as np
import pandas as pd

from modelmap.plumbing.arrays import Matrix


def leaf_order(clusters: pd.DataFrame) -> list[int]:
    """Return the numbers 0..K-1 of the models in the order of the tree's leaves, left to right."""
    n_models = len(clusters) + 1
    left, right = clusters["left"].tolist(), clusters["right"].tolist()
    order: list[int] = []
    waiting = [n_models + len(clusters) - 1]
    while waiting:
        node = waiting.pop()
        if node < n_models:
            order.append(node)
        else:
            waiting += [right[node - n_models], left[node - n_models]]
    return order


def brackets(clusters: pd.DataFrame) -> Matrix:
    """Return the four corners of each merge, shape (K - 1, 4, 2): height and position of leaves.

    A merge is drawn as a bracket: from the left branch up to the height of the merge, across, and
    down to the right branch.
    """
    n_models = len(clusters) + 1
    place = np.zeros(2 * n_models - 1)
    height = np.zeros(2 * n_models - 1)
    place[leaf_order(clusters)] = np.arange(n_models)
    corners = np.zeros((len(clusters), 4, 2))
    for merge, row in enumerate(clusters.itertuples()):
        node, top = n_models + merge, row.height_bits_per_byte
        place[node] = (place[row.left] + place[row.right]) / 2
        height[node] = top
        corners[merge] = [
            (height[row.left], place[row.left]),
            (top, place[row.left]),
            (top, place[row.right]),
            (height[row.right], place[row.right]),
        ]
    return corners


def pure_families(clusters: pd.DataFrame, families: list[str]) -> list[str | None]:
    """Return for each merge the family of all models below it, or None if they are of several."""
    below: list[str | None] = list(families)
    for row in clusters.itertuples():
        left, right = below[row.left], below[row.right]
        below.append(left if left == right else None)
    return below[len(families) :]
