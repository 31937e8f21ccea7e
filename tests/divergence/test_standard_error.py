"""Standard errors of divergences, with documents as the independent units."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from modelmap.divergence.standard_error import standard_errors

Matrix = NDArray[np.float64]
Documents = NDArray[np.int64]
coordinates = arrays(
    np.float64,
    st.tuples(st.integers(2, 5), st.integers(4, 9)),
    elements=st.floats(-100, 100, allow_subnormal=False),
)


def apart(*terms: float) -> Matrix:
    """Return two models' coordinates whose divergence has these terms, one per text."""
    return np.stack([np.zeros(len(terms)), np.sqrt(2 * np.array(terms))])


def documents(*numbers: int) -> Documents:
    """Return document numbers."""
    return np.array(numbers, dtype=np.int64)


def assert_near(one: Matrix, other: Matrix) -> None:
    """Assert that two matrices are the same but for rounding."""
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)


def test_terms_that_share_documents_by_hand() -> None:
    """Terms 1, 3 | 2, 6 deviate from 3 by -2 and 2 in sum: SE^2 = 2/1 (4 + 4) / 4^2 = 1."""
    errors = standard_errors(apart(1, 3, 2, 6), documents(0, 0, 1, 1))
    np.testing.assert_allclose(errors, [[0, 1], [1, 0]], atol=1e-12)


def test_documents_of_unequal_sizes_by_hand() -> None:
    """Terms 4 | 1, 1 | 2 deviate from 2 by 2, -2, 0: SE^2 = 3/2 (4 + 4 + 0) / 4^2 = 3/4."""
    errors = standard_errors(apart(4, 1, 2, 1), documents(0, 1, 2, 1))
    assert errors[0, 1] == pytest.approx(0.75**0.5, rel=1e-12)


def test_one_text_per_document_by_hand() -> None:
    """Terms 1, 3, 2, 6 have s^2 = 14/3, so that s / sqrt(N) = sqrt(14/12)."""
    errors = standard_errors(apart(1, 3, 2, 6), documents(0, 1, 2, 3))
    assert errors[0, 1] == pytest.approx((14 / 12) ** 0.5, rel=1e-12)


@settings(deadline=None, max_examples=50)
@given(coordinates)
def test_one_text_per_document_is_the_plain_standard_error(q: Matrix) -> None:
    """s / sqrt(N) with s of ddof 1, which is sqrt(N / (N - 1)) times that of ddof 0."""
    n_texts = q.shape[1]
    errors = standard_errors(q, np.arange(n_texts))
    for i, one in enumerate(q):
        for j, other in enumerate(q):
            terms = [(a - b) ** 2 / 2 for a, b in zip(one, other, strict=True)]
            plain = np.std(terms, ddof=0) / n_texts**0.5 * (n_texts / (n_texts - 1)) ** 0.5
            assert errors[i, j] == pytest.approx(plain, rel=1e-9, abs=1e-9)


@settings(deadline=None, max_examples=50)
@given(coordinates, st.lists(st.integers(0, 2), min_size=9, max_size=9))
def test_errors_are_symmetric_and_blind_to_numbering_and_orders(
    q: Matrix, drawn: list[int]
) -> None:
    """Documents may be numbered, and texts and models ordered, in any way."""
    n_models, n_texts = q.shape
    numbers = documents(0, 1, 2, *drawn[: n_texts - 3])
    errors = standard_errors(q, numbers)
    assert (np.diag(errors) == 0).all()
    assert_near(errors, errors.T)
    assert_near(standard_errors(q, documents(2, 0, 1)[numbers]), errors)
    assert_near(standard_errors(q[:, ::-1], numbers[::-1]), errors)
    turned = np.roll(np.arange(n_models), 1)
    assert_near(standard_errors(q[turned], numbers), errors[np.ix_(turned, turned)])


@settings(deadline=None, max_examples=50)
@given(coordinates)
def test_copies_inside_a_document_add_no_certainty(q: Matrix) -> None:
    """Every text twice in its own document leaves the error; counting texts would shrink it."""
    n_texts = q.shape[1]
    once = standard_errors(q, np.arange(n_texts))
    twice = standard_errors(np.repeat(q, 2, axis=1), np.repeat(np.arange(n_texts), 2))
    assert_near(twice, once)


def test_terms_that_cancel_inside_documents_leave_no_error() -> None:
    """Documents that all have the same mean say nothing against it."""
    errors = standard_errors(apart(1, 5, 2, 4, 3, 3), documents(0, 0, 1, 1, 2, 2))
    np.testing.assert_allclose(errors, 0, atol=1e-12)


@pytest.mark.parametrize("n_texts", [1, 2, 5])
def test_one_document_has_no_standard_error(n_texts: int) -> None:
    """Without a second independent unit nothing is known of the error."""
    with pytest.raises(ValueError, match="at least two documents"):
        standard_errors(apart(*range(1, n_texts + 1)), np.zeros(n_texts, dtype=np.int64))


def test_intervals_cover_the_truth_where_texts_share_documents() -> None:
    """Of 600 simulated 95% intervals 92% to 97% hold the truth; counted by texts, under 85%.

    Terms are a document's own level, of mean 1, times each text's own, of mean 1.
    """
    rng = np.random.default_rng(5)
    covered = np.zeros(2)
    for _ in range(600):
        owner = np.repeat(np.arange(120), rng.integers(1, 7, 120))
        terms = rng.gamma(4, 1 / 4, 120)[owner] * rng.gamma(4, 1 / 4, len(owner))
        for k, numbers in enumerate((owner, np.arange(len(owner)))):
            error = standard_errors(apart(*terms), numbers)[0, 1]
            covered[k] += abs(terms.mean() - 1) < 1.96 * error
    by_document, by_text = covered / 600
    assert 0.92 < by_document < 0.97
    assert by_text < 0.85
