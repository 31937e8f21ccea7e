"""Laying one map over another: exact where it can be, never scaled, never worse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import pdist

from modelmap.map.align import aligned, map_size
from modelmap.plumbing.arrays import Matrix

maps = arrays(np.float64, st.just((6, 2)), elements=st.floats(-50, 50, allow_subnormal=False))
angles = st.floats(0, 2 * np.pi)
SHAPE = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 1.0], [0.0, 2.0], [7.0, 5.0]])


def turned(places: Matrix, angle: float, mirrored: bool) -> Matrix:
    """Return a map turned about the origin, and mirrored before."""
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    found: Matrix = places * np.array([-1 if mirrored else 1, 1]) @ rotation
    return found


@settings(deadline=None)
@given(angles, st.booleans(), st.floats(-99, 99), st.floats(-99, 99))
def test_a_turned_mirrored_and_moved_map_comes_back_exactly(
    angle: float, mirrored: bool, x: float, y: float
) -> None:
    """Whatever the angle and the shift."""
    found = aligned(turned(SHAPE, angle, mirrored) + np.array([x, y]), SHAPE)
    np.testing.assert_allclose(found, SHAPE, atol=1e-11)


def test_a_quarter_turn_by_hand() -> None:
    """(1, 0), (-1, 0), (0, 2), (0, -2) turned by 90 degrees is (0, 1), (0, -1), (-2, 0), (2, 0)."""
    reference = np.array([[1.0, 0], [-1, 0], [0, 2], [0, -2]])
    quarter = np.array([[0.0, 1], [0, -1], [-2, 0], [2, 0]])
    np.testing.assert_allclose(aligned(quarter, reference), reference, atol=1e-12)


@settings(deadline=None)
@given(maps, maps)
def test_distances_on_the_map_stay(places: Matrix, reference: Matrix) -> None:
    """Nothing is scaled or bent, however unlike the reference it is; the centre is its centre."""
    found = aligned(places, reference)
    np.testing.assert_allclose(pdist(found), pdist(places), atol=1e-9)
    np.testing.assert_allclose(found.mean(axis=0), reference.mean(axis=0), atol=1e-9)


def test_a_map_of_twice_the_size_keeps_it() -> None:
    """Its models lie as far again from the centre as the reference's."""
    centre = SHAPE.mean(axis=0)
    np.testing.assert_allclose(aligned(2 * SHAPE, SHAPE), centre + 2 * (SHAPE - centre))


@settings(deadline=None)
@given(maps, maps, angles, st.booleans())
def test_no_other_turn_lies_nearer(
    places: Matrix, reference: Matrix, angle: float, mirrored: bool
) -> None:
    """The sum of squared distances to the reference is the least of all turns and mirrorings."""
    found = np.square(aligned(places, reference) - reference).sum()
    other = turned(places - places.mean(axis=0), angle, mirrored) + reference.mean(axis=0)
    assert found <= np.square(other - reference).sum() + 1e-7


def test_the_size_of_a_map_by_hand() -> None:
    """Distances 1, 1, 2, 2 from the centre: sqrt(10 / 4), wherever the map lies."""
    cross = np.array([[1.0, 0], [-1, 0], [0, 2], [0, -2]])
    assert map_size(cross + np.array([3, -8])) == pytest.approx(2.5**0.5, rel=1e-12)
