"""Confidence intervals of divergences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import t as student

from modelmap.divergence.interval import intervals
from modelmap.divergence.kl import nats_per_text, squared_distances
from modelmap.divergence.standard_error import StandardErrors, StratifiedDocuments, standard_errors
from modelmap.matrix.clip_centre import double_centred
from modelmap.plumbing.arrays import Matrix

Documents = NDArray[np.int64]


def ends(kl: float, error: float, freedom: float, confidence: float = 0.95) -> tuple[float, float]:
    """Return the interval of one KL."""
    low, high = intervals(
        np.array(float(kl)),
        StandardErrors(np.array(float(error)), np.array(float(freedom))),
        confidence,
    )
    return float(low), float(high)


def of_matrix(loglik_nats: Matrix, numbers: Documents, strata: Documents) -> tuple[Matrix, Matrix]:
    """Return the intervals of every pair in nats per text, as the divergence stage does."""
    q = double_centred(loglik_nats)
    kl = nats_per_text(squared_distances(q), q.shape[1])
    return intervals(kl, standard_errors(q, StratifiedDocuments(numbers, strata)), 0.95)


def case(seed: int) -> tuple[Matrix, Documents, Documents]:
    """Return five models on thirty texts of ten documents in two strata."""
    rng = np.random.default_rng(seed)
    numbers = np.concatenate([np.arange(10), rng.integers(0, 10, 20)])
    return rng.normal(-700, 40, (5, 30)), numbers, np.repeat([0, 1], 5)


def test_an_interval_by_hand() -> None:
    """KL 2, SE 0.2, 10 degrees of freedom: the quantile 2.22814 makes a factor exp(0.222814)."""
    assert ends(2, 0.2, 10) == pytest.approx((1.600524, 2.499185), rel=1e-5)


def test_many_degrees_of_freedom_are_the_normal_quantile() -> None:
    """1.959964 at 95%, 1.644854 at 90%."""
    assert ends(1, 0.1, 1e9)[1] == pytest.approx(np.exp(0.1959964), rel=1e-6)
    assert ends(1, 0.1, 1e9, 0.90)[1] == pytest.approx(np.exp(0.1644854), rel=1e-6)


def test_a_kl_of_zero_or_without_error_has_an_interval_of_no_width() -> None:
    """Models that are the same, and terms that are all alike."""
    assert ends(0, 0, 0) == (0, 0)
    assert ends(3, 0, 7) == (3, 3)


@settings(deadline=None, max_examples=50)
@given(
    st.floats(1e-6, 1e3),
    st.floats(0, 1),
    st.floats(1, 1e4),
    st.floats(0.5, 0.99),
    st.floats(1e-3, 1e3),
)
def test_intervals_hold_the_estimate_and_follow_its_unit(
    kl: float, relative: float, freedom: float, confidence: float, unit: float
) -> None:
    """Ends are positive and finite, their geometric mean is KL, and a unit is a factor."""
    low, high = ends(kl, relative * kl, freedom, confidence)
    assert 0 < low <= kl <= high < np.inf
    assert np.sqrt(low) * np.sqrt(high) == pytest.approx(kl, rel=1e-9)
    scaled = ends(kl * unit, relative * kl * unit, freedom, confidence)
    assert scaled == pytest.approx((low * unit, high * unit), rel=1e-9)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 999))
def test_orders_and_numbers_change_no_interval(seed: int) -> None:
    """Neither of models, of texts, of documents, nor of strata."""
    values, numbers, strata = case(seed)
    low, high = of_matrix(values, numbers, strata)
    rng = np.random.default_rng(seed)
    models, texts, documents = rng.permutation(5), rng.permutation(30), rng.permutation(10)
    other = of_matrix(
        values[models][:, texts], documents[numbers[texts]], 1 - strata[np.argsort(documents)]
    )
    for one, again in zip((low, high), other, strict=True):
        np.testing.assert_allclose(again, one[np.ix_(models, models)], rtol=1e-9, atol=1e-9)
        np.testing.assert_array_equal(one, one.T)


def test_copies_in_a_document_widen_the_interval_over_copies_counted_as_independent() -> None:
    """Each text four times: by document nothing is gained, by text the interval is too narrow."""
    values, _, _ = case(0)
    copied = np.repeat(values, 4, axis=1)
    one = np.zeros(120, dtype=np.int64)
    once = of_matrix(values, np.arange(30), one[:30])
    by_document = of_matrix(copied, np.repeat(np.arange(30), 4), one[:30])
    by_text = of_matrix(copied, np.arange(120), one)
    pairs = np.triu_indices(5, k=1)
    width = [(high - low)[pairs] for low, high in (once, by_document, by_text)]
    np.testing.assert_allclose(width[1], width[0], rtol=1e-9)
    assert (width[2] < 0.6 * width[1]).all()


def test_intervals_cover_a_population_of_documents_with_heavy_tails() -> None:
    """Of 2,000 samples of a finite population 93% to 97% of intervals hold its KL; by text, fewer.

    The population has 5,000 documents of one to six texts; log-normal sizes of differences are
    shared inside a document. One standard error of a coverage of 95% is 0.5%.
    """
    rng = np.random.default_rng(11)
    n_texts = rng.integers(1, 7, 5_000)
    size = np.exp(0.4 * rng.standard_normal(5_000))
    differences = [s * rng.standard_normal(n) for s, n in zip(size, n_texts, strict=True)]
    truth = np.var(np.concatenate(differences)) / 2
    covered = np.zeros(2)
    for _ in range(2_000):
        drawn = rng.choice(5_000, 150, replace=False)
        sample = np.concatenate([differences[d] for d in drawn])
        values = np.stack([np.zeros(len(sample)), sample])
        owner = np.repeat(np.arange(150), n_texts[drawn])
        for k, numbers in enumerate((owner, np.arange(len(sample)))):
            low, high = of_matrix(values, numbers, np.zeros(numbers[-1] + 1, dtype=np.int64))
            covered[k] += low[0, 1] <= truth <= high[0, 1]
    by_document, by_text = covered / 2_000
    assert 0.93 <= by_document <= 0.97
    assert by_text < by_document - 0.02


def test_quantiles_are_those_of_students_distribution() -> None:
    """As scipy has them, from one degree of freedom on."""
    for freedom in (1.0, 2.5, 30.0):
        factor = ends(1, 1, freedom)[1]
        assert np.log(factor) == pytest.approx(student.ppf(0.975, freedom), rel=1e-9)
