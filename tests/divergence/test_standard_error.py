"""Standard errors of divergences, with documents as the independent units."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from modelmap.divergence.kl import LN2
from modelmap.divergence.standard_error import (
    StandardErrors,
    StratifiedDocuments,
    ratio_estimates,
    standard_errors,
    stratified_documents,
    without_single_documents,
)
from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.errors import UserError

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


def estimated(q: Matrix, numbers: Documents, strata: Documents | None = None) -> StandardErrors:
    """Return standard errors, with all documents in one stratum unless strata are given."""
    one = np.zeros(int(numbers.max()) + 1, dtype=np.int64)
    return standard_errors(q, StratifiedDocuments(numbers, one if strata is None else strata))


def errors_of(q: Matrix, numbers: Documents, strata: Documents | None = None) -> Matrix:
    """Return the standard errors alone."""
    return estimated(q, numbers, strata).standard_error


def made_of(**documents_of: str) -> pd.DataFrame:
    """Return a texts table: category to its texts' documents, a letter each."""
    rows = [(d, category) for category, letters in documents_of.items() for d in letters]
    return pd.DataFrame(rows, columns=["document_id", "category"])


def assert_near(one: Matrix, other: Matrix) -> None:
    """Assert that two matrices are the same but for rounding."""
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)


def test_terms_that_share_documents_by_hand() -> None:
    """Terms 1, 3 | 2, 6 deviate from 3 by -2 and 2 in sum: SE^2 = 2/1 (4 + 4) / 4^2 = 1."""
    errors = errors_of(apart(1, 3, 2, 6), documents(0, 0, 1, 1))
    np.testing.assert_allclose(errors, [[0, 1], [1, 0]], atol=1e-12)


def test_documents_of_unequal_sizes_by_hand() -> None:
    """Terms 4 | 1, 1 | 2 deviate from 2 by 2, -2, 0: SE^2 = 3/2 (4 + 4 + 0) / 4^2 = 3/4."""
    errors = errors_of(apart(4, 1, 2, 1), documents(0, 1, 2, 1))
    assert errors[0, 1] == pytest.approx(0.75**0.5, rel=1e-12)


def test_one_text_per_document_by_hand() -> None:
    """Terms 1, 3, 2, 6 have s^2 = 14/3, so that s / sqrt(N) = sqrt(14/12)."""
    errors = errors_of(apart(1, 3, 2, 6), documents(0, 1, 2, 3))
    assert errors[0, 1] == pytest.approx((14 / 12) ** 0.5, rel=1e-12)


@settings(deadline=None, max_examples=50)
@given(coordinates)
def test_one_text_per_document_is_the_plain_standard_error(q: Matrix) -> None:
    """s / sqrt(N) with s of ddof 1, which is sqrt(N / (N - 1)) times that of ddof 0."""
    n_texts = q.shape[1]
    errors = errors_of(q, np.arange(n_texts))
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
    errors = errors_of(q, numbers)
    assert (np.diag(errors) == 0).all()
    assert_near(errors, errors.T)
    assert_near(errors_of(q, documents(2, 0, 1)[numbers]), errors)
    assert_near(errors_of(q[:, ::-1], numbers[::-1]), errors)
    turned = np.roll(np.arange(n_models), 1)
    assert_near(errors_of(q[turned], numbers), errors[np.ix_(turned, turned)])


@settings(deadline=None, max_examples=50)
@given(coordinates)
def test_copies_inside_a_document_add_no_certainty(q: Matrix) -> None:
    """Every text twice in its own document leaves the error; counting texts would shrink it."""
    n_texts = q.shape[1]
    once = errors_of(q, np.arange(n_texts))
    twice = errors_of(np.repeat(q, 2, axis=1), np.repeat(np.arange(n_texts), 2))
    assert_near(twice, once)


def test_terms_that_cancel_inside_documents_leave_no_error() -> None:
    """Documents that all have the same mean say nothing against it."""
    errors = errors_of(apart(1, 5, 2, 4, 3, 3), documents(0, 0, 1, 1, 2, 2))
    np.testing.assert_allclose(errors, 0, atol=1e-12)


def test_strata_take_out_what_is_fixed_by_hand() -> None:
    """Terms 1 | 3 and 10 | 14: deviations of 1 and 2 from 2 and 12, SE^2 = 2 (1 + 1 + 4 + 4) / 16.

    With one stratum they deviate from 7: SE^2 = 4/3 (36 + 16 + 9 + 49) / 16.
    """
    q, numbers = apart(1, 3, 10, 14), documents(0, 1, 2, 3)
    assert errors_of(q, numbers, documents(0, 0, 1, 1))[0, 1] == pytest.approx(20**0.5 / 4)
    assert errors_of(q, numbers)[0, 1] == pytest.approx((440 / 3) ** 0.5 / 4)


def test_documents_of_unequal_sizes_in_a_stratum_by_hand() -> None:
    """Terms 4 | 1, 1 | 2 and 6 | 6, 0: means 2 and 4, deviations 2, -2, 0 and 2, -2.

    SE^2 = (3/2 (4 + 4 + 0) + 2 (4 + 4)) / 7^2 = 28 / 49.
    """
    q, numbers = apart(4, 1, 2, 1, 6, 6, 0), documents(0, 1, 2, 1, 3, 4, 4)
    errors = errors_of(q, numbers, documents(0, 0, 0, 1, 1))
    assert errors[0, 1] == pytest.approx((28 / 49) ** 0.5, rel=1e-12)


def test_equal_deviations_have_as_many_degrees_of_freedom_as_there_are() -> None:
    """All squares alike tell nothing of their spread: documents less strata, 4 - 1 and 4 - 2."""
    q, numbers = apart(1, 3, 1, 3), documents(0, 1, 2, 3)
    assert estimated(q, numbers).degrees_of_freedom[0, 1] == pytest.approx(3)
    two = documents(0, 0, 1, 1)
    assert estimated(q, numbers, two).degrees_of_freedom[0, 1] == pytest.approx(2)


def test_one_outlying_document_leaves_two_degrees_of_freedom_by_hand() -> None:
    """Terms 0 (nine times) and 10: squares 1 (nine times) and 81 are V = 90.

    Relative variance (9 + 81^2) / 90^2 - 1 / 10 = .8111 - .1, and 2 / .7111 = 2.8125.
    """
    found = estimated(apart(*[0] * 9, 10), np.arange(10))
    assert found.degrees_of_freedom[0, 1] == pytest.approx(2.8125)


def test_normal_terms_have_about_as_many_degrees_of_freedom_as_documents() -> None:
    """The mean of 200 estimates at 400 documents is within a tenth of 400."""
    rng = np.random.default_rng(3)
    terms = 10 + rng.standard_normal((200, 400))
    found = [estimated(apart(*row), np.arange(400)).degrees_of_freedom[0, 1] for row in terms]
    assert 360 < 1 / np.mean(1 / np.array(found)) < 440


def test_more_models_than_are_held_at_once_change_nothing() -> None:
    """Any two of 70 models have the errors and degrees of freedom that they have alone."""
    rng = np.random.default_rng(1)
    q, numbers = rng.standard_normal((70, 12)), documents(0, 0, 1, 2, 2, 3, 3, 3, 4, 5, 5, 0)
    strata = documents(0, 1, 0, 1, 0, 1)
    together = estimated(q, numbers, strata)
    for i, j in [(0, 1), (3, 40), (31, 32), (33, 69), (68, 69)]:
        alone = estimated(q[[i, j]], numbers, strata)
        for name in ("standard_error", "degrees_of_freedom"):
            both = getattr(together, name)
            assert both[i, j] == both[j, i] == pytest.approx(getattr(alone, name)[0, 1], rel=1e-9)


def test_documents_and_categories_are_numbered_as_they_come() -> None:
    """Six texts of four documents in two categories; without strata all are in one."""
    found = stratified_documents(made_of(x="aab", y="dcd"), by_category=True)
    assert found.document_of_text.tolist() == [0, 0, 1, 2, 3, 2]
    assert found.stratum_of_document.tolist() == [0, 0, 1, 1]
    assert (
        stratified_documents(
            made_of(x="aab", y="dcd"), by_category=False
        ).stratum_of_document.tolist()
        == [0] * 4
    )


@pytest.mark.parametrize(
    ("texts", "strata"),
    [
        (made_of(x="aa", y="bc", z="def"), [0, 0, 0, 1, 1, 1]),
        (made_of(x="a", y="bc", z="d"), [0, 1, 1, 0]),
        (made_of(x="a", y="b"), [0, 0]),
        (made_of(x="ab", y="bc"), [0, 0, 0]),
    ],
)
def test_no_stratum_has_one_document(texts: pd.DataFrame, strata: list[int]) -> None:
    """Single ones join each other or the smallest other; a document of two makes all one."""
    assert stratified_documents(texts, by_category=True).stratum_of_document.tolist() == strata


@pytest.mark.parametrize(
    ("strata", "merged"),
    [
        ([0, 0, 1, 1], [0, 0, 1, 1]),
        ([5, 5, 2, 2], [0, 0, 1, 1]),
        ([0, 1, 2, 2], [0, 0, 1, 1]),
        ([0, 0, 0, 1, 2, 2], [0, 0, 0, 1, 1, 1]),
        ([0, 1], [0, 0]),
        ([3], [0]),
    ],
)
def test_strata_of_a_single_document_are_merged(strata: list[int], merged: list[int]) -> None:
    """With each other, or one alone with the smallest other; numbers are from 0 on."""
    assert without_single_documents(np.array(strata)).tolist() == merged


@pytest.mark.parametrize("n_texts", [1, 2, 5])
def test_one_document_has_no_standard_error(n_texts: int) -> None:
    """Without a second independent unit nothing is known of the error."""
    with pytest.raises(UserError) as caught:
        stratified_documents(made_of(x="a" * n_texts), by_category=True)
    assert str(caught.value) == (
        "all texts come from one document: a standard error needs at least two; "
        "take texts from more documents"
    )


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
            error = errors_of(apart(*terms), numbers)[0, 1]
            covered[k] += abs(terms.mean() - 1) < 1.96 * error
    by_document, by_text = covered / 600
    assert 0.92 < by_document < 0.97
    assert by_text < 0.85


def test_a_ratio_by_hand() -> None:
    """Terms 1, 3 | 4 of 1, 1 | 2 bytes: 8 / 4 nats per byte, residuals -1, 1 | 0 in sum 0.

    Terms 1 | 7 leave residuals of -3 and 3: SE = sqrt(2 / 1 (9 + 9)) / 2 nats, by 2 bytes a text.
    """
    terms, n_bytes = np.array([[1.0], [3], [4]]), np.array([[1.0], [1], [2]])
    found = ratio_estimates(
        terms, n_bytes, StratifiedDocuments(documents(0, 0, 1), documents(0, 0))
    )
    assert found.kl[0] * LN2 == pytest.approx(2)
    assert found.residuals.ravel().tolist() == [-1, 1, 0]
    assert found.errors.standard_error[0] == 0
    two = StratifiedDocuments(documents(0, 1), documents(0, 0))
    found = ratio_estimates(np.array([[1.0], [7]]), np.full((2, 1), 2.0), two)
    assert found.errors.standard_error[0] * LN2 == pytest.approx(3 / 2)


def test_a_pair_scored_on_some_of_the_texts_by_hand() -> None:
    """Terms 2 and 6 of four texts: SE^2 = 2/1 (4 + 4) / 2^2, as of these two texts alone.

    In strata of a scored and another text, residuals -2, 0 | 2, 0 deviate from means of -1 and 1.
    With 2/1 for the two documents in place of 4/3: SE^2 = (2/1) / (4/3) 2 (1 + 1 + 1 + 1) / 2^2.
    """
    terms, n_bytes = np.array([[2.0], [0], [6], [0]]), np.array([[1.0], [0], [1], [0]])
    numbers = documents(0, 1, 2, 3)
    one = ratio_estimates(terms, n_bytes, StratifiedDocuments(numbers, documents(0, 0, 0, 0)))
    assert one.kl[0] * LN2 == pytest.approx(4)
    assert one.errors.standard_error[0] * LN2 == pytest.approx(2)
    assert one.errors.degrees_of_freedom[0] == 1
    two = ratio_estimates(terms, n_bytes, StratifiedDocuments(numbers, documents(0, 0, 1, 1)))
    assert two.errors.standard_error[0] * LN2 == pytest.approx(3**0.5)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_pairs_scored_on_fewer_than_two_documents_have_no_estimate() -> None:
    """NaN, and other pairs of the same call are as they are alone."""
    terms = np.array([[0.0, 1, 1], [0, 2, 2], [0, 0, 4]])
    stratified = StratifiedDocuments(documents(0, 0, 1), documents(0, 0))
    found = ratio_estimates(terms, np.where(terms > 0, 2.0, 0.0), stratified)
    assert np.isnan(found.kl).tolist() == [True, True, False]
    assert np.isnan(found.errors.standard_error).tolist() == [True, True, False]
    alone = ratio_estimates(terms[:, 2:], np.full((3, 1), 2.0), stratified)
    assert found.errors.standard_error[2] == pytest.approx(alone.errors.standard_error[0])
