"""The uncertainty of places: ellipses by hand, and coverage of simulated places."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelmap.map.uncertainty import ellipses


def covariances(xx: float, xy: float, yy: float) -> pd.DataFrame:
    """Return a table of one covariance."""
    return pd.DataFrame({"cov_xx": [xx], "cov_xy": [xy], "cov_yy": [yy]})


@pytest.mark.parametrize(
    ("covariance", "expected"),
    [
        ((9.0, 0.0, 4.0), (6, 4, 0)),
        ((4.0, 0.0, 9.0), (6, 4, 90)),
        ((5.0, 4.0, 5.0), (6, 2, 45)),
        ((5.0, -4.0, 5.0), (6, 2, 135)),
        ((1.0, 1.0, 1.0), (2 * 2**0.5, 0, 45)),
    ],
)
def test_ellipses_by_hand(covariance: tuple[float, ...], expected: tuple[float, ...]) -> None:
    """Axes are 2 sqrt(lambda); (5, 4, 5) has eigenvalues 9 and 1 along the diagonals."""
    (found,) = ellipses(covariances(*covariance)).to_numpy()
    np.testing.assert_allclose(found, expected, atol=1e-7)


@settings(deadline=None)
@given(st.floats(0.1, 9), st.floats(0.1, 9), st.floats(-0.99, 0.99))
def test_an_ellipse_is_where_the_mahalanobis_distance_is_one(
    sd_x: float, sd_y: float, correlation: float
) -> None:
    """All around: that is what 1 sigma means in two dimensions."""
    xy = sd_x * sd_y * correlation
    (found,) = ellipses(covariances(sd_x**2, xy, sd_y**2)).to_numpy()
    width, height, angle = found[0], found[1], np.radians(found[2])
    around = np.linspace(0, 2 * np.pi, 9)
    along, across = width / 2 * np.cos(around), height / 2 * np.sin(around)
    x = along * np.cos(angle) - across * np.sin(angle)
    y = along * np.sin(angle) + across * np.cos(angle)
    inverse = np.linalg.inv([[sd_x**2, xy], [xy, sd_y**2]])
    np.testing.assert_allclose(np.einsum("ij,in,jn->n", inverse, [x, y], [x, y]), 1, rtol=1e-6)
