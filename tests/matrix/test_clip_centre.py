"""Clipping from below, and double centring."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from modelmap.matrix.clip_centre import clip_threshold, clipped, double_centred
from modelmap.matrix.file import LogLikelihoods
from modelmap.plumbing.arrays import Matrix

matrices = arrays(
    np.float64,
    st.tuples(st.integers(2, 6), st.integers(2, 9)),
    elements=st.floats(-2000, 0, allow_subnormal=False),
)


@pytest.mark.parametrize(
    ("quantile", "threshold"),
    [(0.0, -10.0), (0.1, -9.1), (0.25, -7.75), (0.5, -5.5), (0.95, -1.45)],
)
def test_the_threshold_is_the_linear_quantile_of_all_values(
    quantile: float, threshold: float
) -> None:
    """Of -10..-1 over models and texts together: quantile p lies 9 p above the least."""
    values = np.array([[-1.0, -3.0, -5.0, -7.0, -9.0], [-10.0, -8.0, -6.0, -4.0, -2.0]])
    assert clip_threshold(values, quantile) == pytest.approx(threshold, rel=1e-12)
    assert clip_threshold(values[::-1, ::-1], quantile) == clip_threshold(values, quantile)


def test_only_values_below_the_threshold_are_raised_to_it() -> None:
    """Values at or above it stay as they are, and the argument is not changed."""
    values = np.array([[-1.0, -8.0], [-5.0, -5.5]])
    made = clipped(values, -5.0)
    assert made.tolist() == [[-1.0, -5.0], [-5.0, -5.0]]
    assert values.tolist() == [[-1.0, -8.0], [-5.0, -5.5]]


@settings(deadline=None)
@given(matrices, st.sampled_from([0.0, 0.02, 0.3]))
def test_clipping_at_a_quantile_touches_at_most_that_share(values: Matrix, quantile: float) -> None:
    """Quantile 0 changes nothing; any other no more values than its share, rounded up."""
    made = clipped(values, clip_threshold(values, quantile))
    assert (made >= values).all()
    assert np.count_nonzero(made != values) <= np.ceil(quantile * values.size)


def test_double_centring_by_hand() -> None:
    """Rows less their means 2 and 6 are -2, 0, 2 and -3, 0, 3; then columns less theirs."""
    values = np.array([[0.0, 2.0, 4.0], [3.0, 6.0, 9.0]])
    assert double_centred(values).tolist() == [[0.5, 0.0, -0.5], [-0.5, 0.0, 0.5]]
    assert values[0].tolist() == [0.0, 2.0, 4.0]


@settings(deadline=None)
@given(matrices)
def test_rows_and_columns_of_q_sum_to_zero(values: Matrix) -> None:
    """Centring columns does not undo the centring of rows."""
    q = double_centred(values)
    assert q.shape == values.shape
    np.testing.assert_allclose(q.sum(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(q.sum(axis=1), 0, atol=1e-9)


@settings(deadline=None)
@given(matrices, st.floats(-100, 100), st.floats(-100, 100))
def test_q_forgets_what_a_whole_model_or_a_whole_text_adds(
    values: Matrix, to_model: float, to_text: float
) -> None:
    """A constant on one row, or on one column, leaves Q as it was; centring twice is once."""
    q = double_centred(values)
    shifted = values.copy()
    shifted[1] += to_model
    shifted[:, 0] += to_text
    np.testing.assert_allclose(double_centred(shifted), q, atol=1e-9)
    np.testing.assert_allclose(double_centred(q), q, atol=1e-9)


def test_coordinates_are_clipped_at_the_stored_threshold_before_they_are_centred() -> None:
    """The threshold of the map counts, not a quantile of the rows at hand."""
    values = np.array([[-900.0, -2.0, -4.0], [-3.0, -6.0, -9.0]])
    matrix = LogLikelihoods(values, ["a", "b"], -8.0, 10.0, "set")
    # Clipped: -8 -2 -4 and -3 -6 -8, of means -14/3 and -17/3.
    half = np.array([-6.0, 3.0, 3.0]) / 2
    np.testing.assert_allclose(matrix.coordinates(), [half, -half], atol=1e-12)
    assert matrix.loglik_nats[0, 0] == -900.0
    assert matrix.n_texts == 3
