"""Vectors of mixed weights and the plane through three of them: by hand, and for exact mixtures."""

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from modelmap.plumbing.arrays import Matrix
from modelmap.studies.interpolation.grid import mixed
from modelmap.studies.interpolation.plane import joined, places, share_intervals, shares

WEIGHTS = np.array(list(product([0.0, 0.5, 1.0], repeat=2)))


def mixtures(corners: Matrix) -> Matrix:
    """Return the vectors that lie exactly where the weights say."""
    base, first, second = corners
    a, b = WEIGHTS[:, [0]], WEIGHTS[:, [1]]
    vectors: Matrix = (1 - a - b) * base + a * first + b * second
    return vectors


def test_places_by_hand() -> None:
    """Corners at (1, 1, 0), (3, 1, 0) and (1, 4, 0); the model (1, 1) is at (2, 2, 5) instead."""
    weights = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], dtype=float)
    vectors = np.array([[1, 1, 0], [3, 1, 0], [1, 4, 0], [2, 2, 5]], dtype=float)
    found = places(vectors, weights)
    np.testing.assert_allclose(found.in_plane, [[0, 0], [2, 0], [0, 3], [1, 1]], atol=1e-12)
    np.testing.assert_allclose(found.expected, [[0, 0], [2, 0], [0, 3], [2, 3]], atol=1e-12)
    np.testing.assert_allclose(found.off_plane, [0, 0, 0, 5], atol=1e-12)


def test_shares_by_hand() -> None:
    """Around the mean (7/4, 2, 5/4) the squares are 2.75, 6 and 18.75; 25 and 5 are missed."""
    weights = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], dtype=float)
    vectors = np.array([[1, 1, 0], [3, 1, 0], [1, 4, 0], [2, 2, 5]], dtype=float)
    found = shares(vectors, weights)
    assert found["plane"] == pytest.approx(1 - 25 / 27.5)
    assert found["weights"] == pytest.approx(1 - 30 / 27.5)
    eigenvalues = np.linalg.eigvalsh(np.cov(vectors.T, bias=True) * 4)
    assert found["components"] == pytest.approx(eigenvalues[1:].sum() / 27.5)


@given(seed=st.integers(0, 2**32 - 1), noise=st.floats(0, 3), n=st.integers(3, 12))
def test_no_plane_has_more_variance_than_two_components(seed: int, noise: float, n: int) -> None:
    """And exact mixtures have all of it in the plane, where the weights say."""
    rng = np.random.default_rng(seed)
    vectors = mixtures(rng.standard_normal((3, n)))
    exact = shares(vectors, WEIGHTS)
    assert min(exact.values()) == pytest.approx(1)
    found = shares(vectors + noise * rng.standard_normal(vectors.shape), WEIGHTS)
    assert found["weights"] <= found["plane"] + 1e-9 <= found["components"] + 2e-9


def test_intervals_of_exact_mixtures_have_no_width() -> None:
    """Whichever texts are drawn, and with vectors that are centred over their elements."""
    rng = np.random.default_rng(0)
    vectors = mixtures(rng.standard_normal((3, 20)))
    blocks = np.split(vectors, 10, axis=1)
    chosen = WEIGHTS.sum(axis=1) <= 1
    for is_centred in (False, True):
        found = share_intervals(blocks, WEIGHTS, chosen, is_centred, 100, rng)
        assert found["plane"] == {"share": 1.0, "low": 1.0, "high": 1.0}
    np.testing.assert_allclose(joined(blocks, True).mean(axis=1), 0, atol=1e-12)


def test_intervals_contain_the_share_and_have_a_width_with_noise() -> None:
    """The same generator gives the same interval."""
    rng = np.random.default_rng(0)
    vectors = mixtures(rng.standard_normal((3, 20))) + 0.3 * rng.standard_normal((9, 20))
    blocks = np.split(vectors, 10, axis=1)
    everything = np.ones(9, dtype=bool)
    one, same = (
        share_intervals(blocks, WEIGHTS, everything, False, 200, np.random.default_rng(5))
        for _ in range(2)
    )
    assert one == same
    assert one["plane"]["low"] < one["plane"]["share"] < one["plane"]["high"] < 1


def test_a_grid_without_corners_or_with_corners_on_a_line_is_refused() -> None:
    """Neither has a plane."""
    vectors = mixtures(np.eye(3))
    with pytest.raises(ValueError, match=r"weights \(1.0, 0.0\), and there are 0"):
        places(vectors[:6], WEIGHTS[:6])
    line = mixtures(np.array([[0.0, 0], [1, 1], [2, 2]]))
    with pytest.raises(ValueError, match="on one line"):
        places(line, WEIGHTS)


def test_weights_are_mixed_tensor_by_tensor() -> None:
    """By hand: (1 - 0.5 - 0.25) * 4 + 0.5 * 8 + 0.25 * 12 = 8; unchanged tensors are left out."""
    base = {"w": torch.tensor([4.0]), "unchanged": torch.tensor([1.0])}
    found = mixed(base, {"w": torch.tensor([8.0])}, {"w": torch.tensor([12.0])}, 0.5, 0.25)
    assert set(found) == {"w"}
    assert found["w"].item() == 8
