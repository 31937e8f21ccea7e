"""Populations of resampled documents, and samples drawn as the project's texts are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelmap.divergence.standard_error import StratifiedDocuments
from modelmap.studies.coverage.populations import (
    Documents,
    draw_population,
    draw_sample,
    ordered_by_document,
    text_weights,
)

# Texts of documents 2, 0, 1, 0, 3, 1, 4, 0: sizes 3, 2, 1, 1, 1; the first two are a stratum.
STRATIFIED = StratifiedDocuments(np.array([2, 0, 1, 0, 3, 1, 4, 0]), np.array([0, 0, 1, 1, 1]))


@st.composite
def stratified(draw: st.DrawFn) -> StratifiedDocuments:
    """Draw documents of one to six texts in one to three strata of two documents or more."""
    strata = np.repeat(np.arange(3), draw(st.lists(st.integers(2, 5), min_size=3, max_size=3)))
    sizes = draw(st.lists(st.integers(1, 6), min_size=len(strata), max_size=len(strata)))
    texts = np.repeat(np.arange(len(strata)), sizes)
    return StratifiedDocuments(
        np.random.default_rng(draw(st.integers(0, 9))).permutation(texts), strata
    )


def test_texts_are_put_document_after_document() -> None:
    """Each document's texts stay in order; it is known where they begin and how many they are."""
    order, documents = ordered_by_document(STRATIFIED)
    assert order.tolist() == [1, 3, 7, 2, 5, 0, 4, 6]
    assert documents.first.tolist() == [0, 3, 5, 6, 7]
    assert documents.n_texts.tolist() == [3, 2, 1, 1, 1]
    assert documents.quotas.tolist() == [5, 3]


def test_shares_of_a_population_by_hand() -> None:
    """Document 0 once and 1 thrice: 9 texts for 5/8; 2 twice and 4 four times: 6 for 3/8."""
    _, documents = ordered_by_document(STRATIFIED)
    members = [np.array([1, 0, 1, 1]), np.array([2, 4, 4, 2, 4, 4])]
    expected = [5 / 72, 3 * 5 / 72, 2 * 3 / 48, 0, 4 * 3 / 48]
    assert text_weights(documents, members).tolist() == pytest.approx(expected)


@settings(deadline=None, max_examples=50)
@given(stratified(), st.integers(2, 5), st.integers(0, 99))
def test_samples_have_the_projects_texts_per_stratum(
    drawn: StratifiedDocuments, copies: int, seed: int
) -> None:
    """And two documents of each at least, all of the population and never more than it has."""
    rng = np.random.default_rng(seed)
    _, documents = ordered_by_document(drawn)
    members = draw_population(documents, copies, rng)
    weights = np.repeat(text_weights(documents, members), documents.n_texts)
    assert weights.sum() == pytest.approx(1)
    for stratum, own in enumerate(members):
        assert len(own) == copies * (documents.strata == stratum).sum()
        assert (documents.strata[own] == stratum).all()
    for _ in range(7):
        found = draw_sample(documents, members, rng)
        strata = found.stratified.stratum_of_document
        assert (strata == documents.strata[found.documents]).all()
        n_texts = np.bincount(found.stratified.document_of_text)
        for stratum, (own, quota) in enumerate(zip(members, documents.quotas, strict=True)):
            numbers, taken = found.documents[strata == stratum], n_texts[strata == stratum]
            assert taken.sum() == min(int(quota), int(documents.n_texts[own].sum()))
            assert len(numbers) >= 2
            has = np.bincount(own, minlength=len(documents.strata))
            assert (np.bincount(numbers, minlength=len(has)) <= has).all()
            assert (taken[:-1] == documents.n_texts[numbers[:-1]]).all()
            assert 1 <= taken[-1] <= documents.n_texts[numbers[-1]]


def test_the_texts_of_a_sample_are_the_first_ones_of_its_documents() -> None:
    """Document by document, each from its first text on."""
    rng = np.random.default_rng(1)
    _, documents = ordered_by_document(STRATIFIED)
    found = draw_sample(documents, draw_population(documents, 3, rng), rng)
    n_texts = np.bincount(found.stratified.document_of_text)
    firsts = documents.first[found.documents]
    expected = [first + i for first, n in zip(firsts, n_texts, strict=True) for i in range(n)]
    assert found.texts.tolist() == expected


def test_documents_are_drawn_alike() -> None:
    """Of 3,000 first places of samples each of four documents has a quarter, within 4 errors."""
    rng = np.random.default_rng(2)
    documents = Documents(np.arange(4), np.ones(4, dtype=np.int64), np.zeros(4, dtype=np.int64))
    first = [
        draw_sample(documents, draw_population(documents, 20, rng), rng).documents[0]
        for _ in range(3_000)
    ]
    counts = np.bincount(first, minlength=4)
    assert (np.abs(counts - 750) < 4 * (3_000 * 0.25 * 0.75) ** 0.5).all()


def test_a_population_is_drawn_with_replacement() -> None:
    """10 documents, 2,000 in all: times taken have the binomial's variance, 180, within a third."""
    ones, rng = np.ones(10, dtype=np.int64), np.random.default_rng(5)
    documents = Documents(np.arange(10), ones, 0 * ones)
    times = [np.bincount(draw_population(documents, 200, rng)[0], minlength=10) for _ in range(100)]
    assert (np.sum(times, axis=1) == 2000).all()
    assert np.var(times) == pytest.approx(2000 * 0.1 * 0.9, rel=1 / 3)
