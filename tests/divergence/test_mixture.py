"""The function of the mixture estimate: its identity, its limits, and why it is a distance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.integrate import quad

from modelmap.divergence.kl import LN2
from modelmap.divergence.mixture import mixture_kl, mixture_terms
from modelmap.plumbing.arrays import Matrix, Vector


@st.composite
def two_distributions(draw: st.DrawFn) -> tuple[Vector, Vector]:
    """Draw two distributions on the same few outcomes, of which none is impossible."""
    size = draw(st.integers(2, 8))
    weights = st.lists(st.floats(1e-4, 1.0), min_size=size, max_size=size)
    first, second = (np.array(draw(weights)) for _ in range(2))
    return first / first.sum(), second / second.sum()


def logliks(max_models: int) -> st.SearchStrategy[np.ndarray]:
    """Draw log-likelihoods of segments in nats, from nearly equal to far apart."""
    shape = st.tuples(st.integers(2, max_models), st.integers(1, 20))
    steps = st.sampled_from([1e-3, 0.1, 1.0, 10.0])
    whole = arrays.arrays(np.float32, shape, elements=st.integers(-9, 0))
    return st.builds(lambda values, step: np.float32(step) * values, whole, steps)


@settings(deadline=None, max_examples=200)
@given(two_distributions())
def test_the_mean_over_the_mixture_is_the_symmetrised_kl(pair: tuple[Vector, Vector]) -> None:
    """[KL(p, r) + KL(r, p)] / 2 = E_m[Delta tanh(Delta / 2)] however far p and r are apart."""
    p, r = pair
    difference = np.log(p) - np.log(r)
    symmetrised = (p @ difference - r @ difference) / 2
    terms = mixture_terms(difference.astype(np.float32)).astype(np.float64)
    assert (p + r) / 2 @ terms == pytest.approx(symmetrised, rel=1e-5, abs=1e-12)
    assert (p + r) / 2 @ np.tanh(difference / 2) == pytest.approx(0.0, abs=1e-12)


def test_a_term_by_hand() -> None:
    """Delta = ln 3: tanh(Delta / 2) = (3 - 1) / (3 + 1), so that the term is half of ln 3."""
    terms = mixture_terms(np.array([np.log(3), -np.log(3), 0.0], dtype=np.float32))
    assert terms.tolist() == pytest.approx([np.log(3) / 2, np.log(3) / 2, 0.0], rel=1e-6)
    assert terms.dtype == np.float32


@pytest.mark.parametrize("small", [1e-6, 1e-3, -1e-3])
def test_terms_of_small_differences_are_half_squares(small: float) -> None:
    """As in the papers' local approximation."""
    (term,) = mixture_terms(np.array([small], dtype=np.float32))
    assert term == pytest.approx(small**2 / 2, rel=1e-6)


@pytest.mark.parametrize("large", [30.0, -30.0, 1e4])
def test_terms_of_large_differences_are_the_differences(large: float) -> None:
    """They grow as the divergence does."""
    assert mixture_terms(np.array([large], dtype=np.float32)).tolist() == [abs(large)]


@settings(deadline=None)
@given(arrays.arrays(np.float32, 20, elements=st.floats(-50, 50, width=32)))
def test_terms_are_even_and_below_both_limits(differences: np.ndarray) -> None:
    """Between 0 and the smaller of Delta^2 / 2 and |Delta|."""
    terms = mixture_terms(differences)
    np.testing.assert_array_equal(terms, mixture_terms(-differences))
    limit = np.minimum(np.square(differences.astype(np.float64)) / 2, np.abs(differences))
    assert (terms >= 0).all()
    assert (terms <= limit * (1 + 1e-6) + 1e-37).all()


def test_a_difference_that_is_unknown_counts_as_none() -> None:
    """NaN gives 0, and the differences themselves stay as they are."""
    differences = np.array([[np.nan, 2.0], [0.0, np.nan]], dtype=np.float32)
    terms = mixture_terms(differences)
    np.testing.assert_array_equal(terms == 0, [[True, False], [True, True]])
    np.testing.assert_array_equal(np.isnan(differences), [[True, False], [False, True]])


@pytest.mark.parametrize("x", [0.01, 0.3, 1.0, 2.5, 10.0])
def test_x_tanh_x_is_an_integral_of_squared_distances(x: float) -> None:
    """1 - cos(x u) is half the squared distance of two points on a circle, weighted over u > 0."""

    def weighted(u: float) -> float:
        angle = np.pi * u / 2
        return float((1 - np.cos(x * u)) * np.pi / 2 * np.cosh(angle) / np.sinh(angle) ** 2)

    integral, _ = quad(weighted, 0, 60, limit=1000, epsabs=1e-12, epsrel=1e-10)
    assert integral == pytest.approx(x * np.tanh(x), rel=1e-8)


def smallest_eigenvalue(kl: Matrix) -> float:
    """Return that of the doubly centred matrix, as a share of the largest absolute one."""
    centring = np.eye(len(kl)) - 1 / len(kl)
    values = np.linalg.eigvalsh(-centring @ kl @ centring / 2)
    return float(values.min() / max(np.abs(values).max(), 1e-30))


@settings(deadline=None, max_examples=100)
@given(logliks(8))
def test_the_estimates_are_squared_distances(loglik_nats: np.ndarray) -> None:
    """Centred doubly they have no negative eigenvalue: there are points at these distances."""
    difference = loglik_nats[:, None].astype(np.float64) - loglik_nats
    exact = (difference * np.tanh(difference / 2)).sum(axis=2)
    assert smallest_eigenvalue(exact) > -1e-12
    sizes = np.ones(loglik_nats.shape[1], dtype=np.int64)
    estimated = mixture_kl(loglik_nats, loglik_nats, sizes)
    assert smallest_eigenvalue(estimated) > -1e-6
    np.testing.assert_allclose(estimated, exact / (len(sizes) * LN2), rtol=1e-5, atol=1e-12)


def test_the_papers_square_of_whole_texts_would_be_larger() -> None:
    """A hundred segments that each differ by .1: 0.5 nats by the mixture, 50 by half the square."""
    rows = np.array([[0.0] * 100, [-0.1] * 100], dtype=np.float32)
    kl = mixture_kl(rows[:1], rows[1:], np.full(100, 4))
    assert kl[0, 0] * 400 * LN2 == pytest.approx(100 * 0.1 * np.tanh(0.05), rel=1e-5)
    assert kl[0, 0] * 400 * LN2 == pytest.approx(0.5, rel=1e-2)
