"""Alignment of one map to another, and the size of a map (Oyama et al. 2025 (EMNLP), Section 4)."""

from collections.abc import Callable

import numpy as np
from scipy.linalg import orthogonal_procrustes

from modelmap.plumbing.arrays import Matrix


def aligned(places: Matrix, reference: Matrix) -> Matrix:
    """Return `places`, shape (K, 2), shifted and rotated or reflected to fit `reference`."""
    return alignment(places, reference)(places)


def alignment(places: Matrix, reference: Matrix) -> Callable[[Matrix], Matrix]:
    """Return the function that aligns `places`, shape (K, 2), to `reference`.

    It can be applied to further places of the same map, such as those of added models. This is
    orthogonal Procrustes analysis: among all shifts, rotations and reflections it gives the
    smallest sum of squared distances between the two places of each model.
    """
    # t-SNE does not determine the position and orientation of a map, but its distances have a
    # meaning. There is no scaling, so that they are kept.
    centre = reference.mean(axis=0)
    mean = places.mean(axis=0)
    rotation, _ = orthogonal_procrustes(places - mean, reference - centre)

    def fit(points: Matrix) -> Matrix:
        fitted: Matrix = (points - mean) @ rotation + centre
        return fitted

    return fit


def map_size(places: Matrix) -> float:
    """Return the root mean squared distance of the models from the centre of their map."""
    return float(np.sqrt(np.square(places - places.mean(axis=0)).sum(axis=1).mean()))
