"""The uncertainty of places: ellipses by hand, and coverage of simulated places."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelmap.map.spot import SpotLoss, place_on_map
from modelmap.map.uncertainty import ellipses, place_covariance, sampled_kl


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


N_TEXTS, N_SAMPLED = 400, 60


def models_on_segments(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return log-likelihoods of 31 models on a segment of each text, and places of 30 of them.

    Models differ by their places, and from text to text.
    """
    places = rng.normal(0, 3, (31, 2))
    skills = rng.normal(0, 0.25, (2, N_TEXTS))
    values = places @ skills + rng.normal(0, 0.2, (31, N_TEXTS)) - 5
    return values.astype(np.float32), places[1:]


def test_ellipses_contain_the_places_from_all_texts() -> None:
    """Of 95% ellipses from 60 of 400 texts, 88% to 99% contain the place from all of them."""
    rng = np.random.default_rng(3)
    first, n_bytes = np.arange(N_TEXTS), np.full(N_TEXTS, 4)
    inside = []
    for _ in range(100):
        values, places = models_on_segments(rng)
        true = place_on_map(sampled_kl(values, 0, first, n_bytes).kl, places)
        values[0, rng.permutation(N_TEXTS)[N_SAMPLED:]] = np.nan
        sampled = sampled_kl(values, 0, first, n_bytes)
        off = place_on_map(sampled.kl, places) - true
        covariance = place_covariance(sampled, places, true)
        inside.append(off @ np.linalg.solve(covariance, off) < 5.991)
    assert 0.88 <= np.mean(inside) <= 0.99


def test_a_model_on_all_texts_has_no_uncertainty() -> None:
    """The ellipse is for the map that all texts would give."""
    values, places = models_on_segments(np.random.default_rng(0))
    sampled = sampled_kl(values, 0, np.arange(N_TEXTS), np.full(N_TEXTS, 4))
    assert sampled.share == 1
    assert (place_covariance(sampled, places, places.mean(axis=0)) == 0).all()


@given(st.integers(0, 10_000))
@settings(deadline=None, max_examples=20)
def test_gradient_and_curvature_are_derivatives(seed: int) -> None:
    """Compared with differences of the loss."""
    rng = np.random.default_rng(seed)
    near = rng.dirichlet(np.ones(6))
    loss, point = SpotLoss(near, rng.normal(0, 2, (6, 2))), rng.normal(0, 2, 2)
    steps = 1e-5 * np.eye(2)
    slopes = [(loss.value(point + s) - loss.value(point - s)) / 2e-5 for s in steps]
    assert loss.gradient(point) == pytest.approx(slopes, abs=1e-6)
    change = [(loss.gradient(point + s) - loss.gradient(point - s)) / 2e-5 for s in steps]
    assert loss.curvature(point) == pytest.approx(np.array(change), abs=1e-5)
    other = rng.dirichlet(np.ones(6))
    moved = SpotLoss(other, loss.places).gradient(point) - loss.gradient(point)
    assert (other - near) @ loss.pulls(point) == pytest.approx(moved)
