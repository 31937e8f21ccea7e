import numpy as np
import pytest
from helpers.matrices import made_up
from hypothesis import given, settings
from hypothesis import strategies as st

from modelmap.divergence.kl import squared_distances
from modelmap.matrix.clip_centre import double_centred
from modelmap.resample.errors import absolute_error, relative_error
from modelmap.resample.estimate import unique_texts, weighted_coordinates
from modelmap.resample.gram import BLOCK, ErrorMeter, GramSums, run_errors, sample_errors
from modelmap.resample.methods import PAPERS, probabilities
from modelmap.resample.paper_draws import drawn_texts


@pytest.mark.parametrize("method", PAPERS)
@pytest.mark.parametrize("n_models", [2, 5, BLOCK, BLOCK + 1, 2 * BLOCK + 3])
def test_one_pass_gives_the_direct_curve(method: str, n_models: int) -> None:
    """Unique texts and both errors at every size equal the direct definition to 1e-9."""
    loglik = made_up(n_models, 60)
    q = double_centred(loglik)
    full, pi = squared_distances(q), probabilities(method, q)
    sizes = [2, 3, 10, 40, 90]
    drawn = drawn_texts(pi, 90, 42)
    fast = run_errors(q, pi, drawn, sizes, ErrorMeter(full))
    for row, size in zip(fast, sizes, strict=True):
        sample = unique_texts(drawn[:size], pi)
        estimated = squared_distances(weighted_coordinates(loglik, sample))
        direct = [len(sample), absolute_error(estimated, full), relative_error(estimated, full)]
        assert np.allclose(row, direct, rtol=1e-9)


@settings(deadline=None)
@given(st.integers(2, 70), st.integers(2, 20), st.integers(0, 100))
def test_distances_equal_those_of_the_coordinates(n_models: int, size: int, seed: int) -> None:
    """Gram sums give the squared distances of the weighted coordinates."""
    q = double_centred(made_up(n_models, 30, seed))
    pi = probabilities("ls", q)
    sample = unique_texts(drawn_texts(pi, size, seed), pi)
    sums = GramSums(q)
    sums.add(sample.texts, sample.squared_weights)
    direct = squared_distances(weighted_coordinates(q, sample))
    assert np.allclose(sums.distances(), direct, atol=1e-9 * max(direct.max(), 1.0))


def test_adding_in_parts_is_adding_at_once() -> None:
    """Texts added in two calls give the sums of one call."""
    q = double_centred(made_up(9, 20))
    weights = np.linspace(1, 2, 20)
    parts, once = GramSums(q), GramSums(q)
    parts.add(np.arange(8), weights[:8])
    parts.add(np.arange(8, 20), weights[8:])
    once.add(np.arange(20), weights)
    assert np.allclose(parts.distances(), once.distances())
    assert np.allclose(parts.distances(0.5), 0.5 * once.distances())


def test_errors_of_one_sample() -> None:
    """A sample's errors are those of its distances."""
    q = double_centred(made_up(6, 40))
    full = squared_distances(q)
    sample = unique_texts(np.arange(0, 40, 3), np.full(40, 1 / 40))
    estimated = squared_distances(weighted_coordinates(q, sample))
    direct = [absolute_error(estimated, full), relative_error(estimated, full)]
    assert np.allclose(sample_errors(q, sample, ErrorMeter(full)), direct)
