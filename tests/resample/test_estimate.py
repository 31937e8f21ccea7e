from itertools import product

import numpy as np
import pytest
from helpers.matrices import made_up
from hypothesis import given
from hypothesis import strategies as st

from modelmap.divergence.kl import squared_distances
from modelmap.matrix.clip_centre import double_centred
from modelmap.resample.errors import absolute_error, relative_error, root_mean_square
from modelmap.resample.estimate import UniqueTexts, unique_texts, weighted_coordinates
from modelmap.resample.methods import PAPERS, probabilities


def test_unique_texts_and_weights_by_hand() -> None:
    """Text 2 drawn twice of 4 draws at probability 1/2 weighs 2 / (4 / 2) = 1."""
    sample = unique_texts(np.array([2, 0, 2, 1]), np.array([0.25, 0.25, 0.5]))
    assert sample.texts.tolist() == [0, 1, 2]
    assert sample.squared_weights.tolist() == [1.0, 1.0, 1.0]
    assert len(sample) == 3


def test_every_text_once_gives_the_full_distances() -> None:
    """With weight 1 on all texts the coordinates have Q's distances."""
    loglik = made_up(5, 12)
    everything = UniqueTexts(np.arange(12), np.ones(12))
    estimated = squared_distances(weighted_coordinates(loglik, everything))
    assert np.allclose(estimated, squared_distances(double_centred(loglik)))


def test_coordinates_by_direct_definition() -> None:
    """Row-centred by the mean with the squared weights, times the weights."""
    loglik = made_up(4, 10)
    sample = unique_texts(np.array([3, 3, 7, 1]), np.full(10, 0.1))
    weights = np.sqrt(np.array([1, 2, 1]) / (4 * 0.1))
    expected = np.empty((4, 3))
    for i in range(4):
        values = loglik[i, [1, 3, 7]]
        mean = (values * weights**2).sum() / (weights**2).sum()
        expected[i] = (values - mean) * weights
    assert np.allclose(
        squared_distances(weighted_coordinates(loglik, sample)), squared_distances(expected)
    )
    assert np.allclose(weighted_coordinates(loglik, sample), expected - expected.mean(axis=0))


def all_draws(n_texts: int, size: int) -> list[np.ndarray]:
    """Return every sequence of `size` draws."""
    return [np.array(draws) for draws in product(range(n_texts), repeat=size)]


@pytest.mark.parametrize("method", PAPERS)
def test_the_uncentred_estimate_is_unbiased(method: str) -> None:
    """Over all 4^3 sequences of draws its mean is the uncentred sum over all texts."""
    loglik = made_up(3, 4)
    pi = probabilities(method, double_centred(loglik))
    mean = np.zeros((3, 3))
    for drawn in all_draws(4, 3):
        sample = unique_texts(drawn, pi)
        weighted = loglik[:, sample.texts] * np.sqrt(sample.squared_weights)
        mean += np.prod(pi[drawn]) * squared_distances(weighted)
    assert np.allclose(mean, squared_distances(loglik))


@pytest.mark.parametrize("size", [2, 3, 5])
def test_the_centred_estimate_is_too_small_by_one_over_n_for_uniform_draws(size: int) -> None:
    """Over all sequences its mean is exactly (1 - 1/n) G: the papers' bias."""
    loglik = made_up(3, 4)
    pi = np.full(4, 0.25)
    mean = np.zeros((3, 3))
    for drawn in all_draws(4, size):
        estimated = squared_distances(weighted_coordinates(loglik, unique_texts(drawn, pi)))
        mean += np.prod(pi[drawn]) * estimated
    assert np.allclose(mean, (1 - 1 / size) * squared_distances(double_centred(loglik)))


@pytest.mark.parametrize("method", ["ls", "kl"])
def test_the_centred_estimate_is_biased_low_by_about_one_over_n(method: str) -> None:
    """In 4,000 samples of 50 draws the ratio to G is 1 - 1/50 within four standard errors."""
    loglik = made_up(6, 200)
    q = double_centred(loglik)
    full, pi = squared_distances(q), probabilities(method, q)
    off = ~np.eye(6, dtype=bool)
    rng = np.random.default_rng(1)
    ratios = np.array(
        [
            (
                squared_distances(weighted_coordinates(q, unique_texts(drawn, pi)))[off] / full[off]
            ).mean()
            for drawn in rng.choice(200, (4000, 50), p=pi)
        ]
    )
    error = ratios.std() / np.sqrt(len(ratios))
    assert abs(ratios.mean() - (1 - 1 / 50)) < 4 * error + 0.005
    assert ratios.mean() < 1


def test_errors_by_hand() -> None:
    """Estimated 3 for a true 4, twice, in a 2 x 2 matrix with a zero diagonal."""
    full, estimated = np.array([[0.0, 4.0], [4.0, 0.0]]), np.array([[0.0, 3.0], [3.0, 0.0]])
    assert absolute_error(estimated, full) == pytest.approx(0.25)
    assert relative_error(estimated, full) == pytest.approx(np.sqrt(2 * 0.25**2 / 4))
    assert root_mean_square(np.array([3.0, 4.0])) == pytest.approx(np.sqrt(12.5))


def test_a_distance_below_the_floor_is_divided_by_it() -> None:
    """The papers divide by max(G, 1e-3): 1e-4 off on a distance of 0 counts 0.1."""
    full, estimated = np.zeros((2, 2)), np.array([[0.0, 1e-4], [1e-4, 0.0]])
    assert relative_error(estimated, full) == pytest.approx(np.sqrt(2 * 0.1**2 / 4))


@given(st.floats(0.1, 10), st.integers(0, 50))
def test_relative_errors_have_no_unit(scale: float, seed: int) -> None:
    """Log-likelihoods in another unit give the same errors."""
    loglik = made_up(4, 15, seed)
    sample = unique_texts(np.arange(0, 15, 2), np.full(15, 1 / 15))
    errors = [
        (relative_error(estimated, full), absolute_error(estimated, full))
        for values in (loglik, scale * loglik)
        for full in [squared_distances(double_centred(values))]
        for estimated in [squared_distances(weighted_coordinates(values, sample))]
    ]
    assert np.allclose(errors[0], errors[1])
