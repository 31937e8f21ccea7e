"""KL divergences: by hand, by their definition as a variance, and what must not change them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from modelmap.divergence.kl import (
    bits_per_byte,
    nats_per_text,
    reason_if_identical,
    squared_distances,
)
from modelmap.matrix.clip_centre import double_centred
from modelmap.plumbing.arrays import Matrix

matrices = arrays(
    np.float64,
    st.tuples(st.integers(2, 6), st.integers(2, 9)),
    elements=st.floats(-2000, 0, allow_subnormal=False),
)

# The differences of rows 0 and 1 are 1, 0, -1, 0 and those of rows 0 and 2 are 2, 2, -2, -2.
BY_HAND = np.array([[-5.0, -6.0, -7.0, -8.0], [-6.0, -6.0, -6.0, -8.0], [-7.0, -8.0, -5.0, -6.0]])


def kl_nats(loglik_nats: Matrix) -> Matrix:
    """Return KL in nats per text as the divergence stage computes it."""
    return nats_per_text(squared_distances(double_centred(loglik_nats)), loglik_nats.shape[1])


def assert_near(one: Matrix, other: Matrix) -> None:
    """Assert that two matrices are the same but for rounding."""
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-7)


def test_distances_nats_and_bits_by_hand() -> None:
    """Variances .5, 4 and 2.5 over four texts: G = 4 Var, KL = Var / 2, bits = KL / (B ln 2)."""
    g = squared_distances(double_centred(BY_HAND))
    np.testing.assert_allclose(g, [[0, 2, 16], [2, 0, 10], [16, 10, 0]], atol=1e-12)
    nats = nats_per_text(g, 4)
    np.testing.assert_allclose(nats, [[0, 0.25, 2], [0.25, 0, 1.25], [2, 1.25, 0]], atol=1e-12)
    bits = bits_per_byte(nats, 10.0)
    assert bits[0, 2] == pytest.approx(0.2885390081777927, rel=1e-12)
    assert bits[0, 1] == pytest.approx(0.2885390081777927 / 8, rel=1e-12)


def test_one_bit_is_the_natural_logarithm_of_two() -> None:
    """ln 2 nats on a text of one byte are one bit per byte, and 1,024 times less on 1,024."""
    nats = np.full((2, 2), 0.6931471805599453)
    np.testing.assert_allclose(bits_per_byte(nats, 1.0), 1.0, rtol=1e-15)
    np.testing.assert_allclose(bits_per_byte(nats, 1024.0), 1 / 1024, rtol=1e-15)


@settings(deadline=None)
@given(matrices)
def test_a_kl_is_half_the_variance_of_the_difference_over_texts(loglik_nats: Matrix) -> None:
    """Population variance, as the papers define it: ddof 0."""
    kl = kl_nats(loglik_nats)
    for i, one in enumerate(loglik_nats):
        for j, other in enumerate(loglik_nats):
            difference = one - other
            half = sum((d - difference.mean()) ** 2 for d in difference) / (2 * len(difference))
            assert kl[i, j] == pytest.approx(half, rel=1e-9, abs=1e-9)


@settings(deadline=None)
@given(matrices)
def test_divergences_are_symmetric_zero_to_oneself_and_never_negative(loglik_nats: Matrix) -> None:
    """Exactly so, and equal models are at zero."""
    loglik_nats[1] = loglik_nats[0]
    g = squared_distances(double_centred(loglik_nats))
    assert (g == g.T).all()
    assert (np.diag(g) == 0).all()
    assert (g >= 0).all()
    assert g[0, 1] == 0


@settings(deadline=None)
@given(matrices, st.integers(0, 99), st.floats(-500, 500))
def test_shifts_and_orders_change_no_divergence(
    loglik_nats: Matrix, seed: int, shift: float
) -> None:
    """Neither a constant on a model or on a text, nor other orders of texts and models."""
    rng = np.random.default_rng(seed)
    n_models, n_texts = loglik_nats.shape
    kl = kl_nats(loglik_nats)
    on_a_row, on_a_column = loglik_nats.copy(), loglik_nats.copy()
    on_a_row[0] += shift
    on_a_column[:, -1] += shift
    assert_near(kl_nats(on_a_row), kl)
    assert_near(kl_nats(on_a_column), kl)
    assert_near(kl_nats(loglik_nats[:, rng.permutation(n_texts)]), kl)
    models = rng.permutation(n_models)
    assert_near(kl_nats(loglik_nats[models]), kl[np.ix_(models, models)])


@settings(deadline=None)
@given(matrices)
def test_every_text_twice_changes_no_divergence(loglik_nats: Matrix) -> None:
    """A KL is per text: twice the texts are twice the distance and the same KL."""
    doubled = np.concatenate([loglik_nats, loglik_nats], axis=1)
    assert_near(kl_nats(doubled), kl_nats(loglik_nats))


def test_other_models_change_no_divergence_between_two() -> None:
    """Centring over models moves all together."""
    assert_near(kl_nats(BY_HAND)[:2, :2], kl_nats(BY_HAND[:2]))


def test_near_models_far_from_the_origin_keep_their_digits() -> None:
    """A difference of 2^-20 beside coordinates of 2^20 is exact: no Gram matrix rounds it away."""
    far, near = 2.0**20, 2.0**-20
    g = squared_distances(np.array([[far, -far, 0.0], [far + near, -far, -near]]))
    assert g[0, 1] == 2 * near**2


@pytest.mark.parametrize("seed", range(5))
def test_models_that_differ_by_constants_are_identical(seed: int) -> None:
    """Centring leaves rounding errors of them, which are not taken for distances."""
    rng = np.random.default_rng(seed)
    loglik = rng.uniform(-2000, 0, 500) + rng.uniform(-2000, 0, (9, 1))
    q = double_centred(loglik)
    assert squared_distances(q).max() > 0
    assert reason_if_identical(q, "new models") == (
        "needs new models that differ, and all squared distances between them are 0"
    )
    q[8, 0] += 1e-6
    assert reason_if_identical(q) is None
