"""Laying one map over another, and how large a map is (P2, Sect. 4)."""

import numpy as np
from scipy.linalg import orthogonal_procrustes

from modelmap.plumbing.arrays import Matrix


def aligned(places: Matrix, reference: Matrix) -> Matrix:
    """Return `places`, shape (K, 2), moved, turned and mirrored to lie nearest to `reference`.

    Orthogonal Procrustes analysis of the two centred maps: the sum of squared distances between a
    model's two places is the least there is without scaling, so distances on the map stay.
    """
    centre = reference.mean(axis=0)
    moved = places - places.mean(axis=0)
    rotation, _ = orthogonal_procrustes(moved, reference - centre)
    turned: Matrix = moved @ rotation + centre
    return turned


def map_size(places: Matrix) -> float:
    """Return the root mean squared distance of models to the centre of their map."""
    return float(np.sqrt(np.square(places - places.mean(axis=0)).sum(axis=1).mean()))
