"""Coverage of confidence intervals: estimates in samples, counting, and what is told."""

import numpy as np
import pandas as pd
import pytest

from modelmap.divergence.kl import nats_per_text, squared_distances
from modelmap.divergence.standard_error import StratifiedDocuments, standard_errors
from modelmap.matrix.clip_centre import double_centred
from modelmap.plumbing.arrays import Matrix
from modelmap.studies.coverage.intervals import (
    distribution,
    failing_pairs,
    fails,
    largest_documents,
    sampled_pairs,
    simulate_population,
)
from modelmap.studies.coverage.populations import (
    Samples,
    draw_population,
    draw_samples,
    ordered_by_document,
)
from modelmap.studies.coverage.sample_estimates import SampleEstimates


def case(seed: int, n_documents: int = 12) -> tuple[Matrix, StratifiedDocuments]:
    """Return coordinates of four models on texts of documents in two strata."""
    rng = np.random.default_rng(seed)
    texts = np.concatenate([np.arange(n_documents), rng.integers(0, n_documents, 20)])
    q = double_centred(rng.normal(-700, 30, (4, len(texts))))
    return q, StratifiedDocuments(texts, np.arange(n_documents) % 2)


def test_the_project_as_its_own_sample_gives_the_estimates_of_the_stage() -> None:
    """All documents once: KL, standard error and degrees of freedom as the stage computes them."""
    q, stratified = case(0)
    order, documents = ordered_by_document(stratified)
    places = np.argsort(stratified.stratum_of_document, kind="stable")
    drawn = Samples(
        places[:, None], documents.n_texts[places][:, None], stratified.stratum_of_document[places]
    )
    estimates, errors = SampleEstimates(documents, drawn), standard_errors(q, stratified)
    kl = nats_per_text(squared_distances(q), q.shape[1])
    for i, j in [(0, 1), (1, 3), (2, 3)]:
        found = estimates.of((q[i] - q[j])[order])
        assert found.kl[0] == pytest.approx(kl[i, j], rel=1e-9)
        assert found.errors.standard_error[0] == pytest.approx(errors.standard_error[i, j])
        freedom = errors.degrees_of_freedom[i, j]
        assert found.errors.degrees_of_freedom[0] == pytest.approx(freedom)
        terms = (q[i] - q[j]) ** 2 / 2
        plain = terms.std(ddof=1) / len(terms) ** 0.5
        assert found.by_text_error[0] == pytest.approx(plain)


def test_a_samples_estimates_are_those_of_a_project_with_its_texts() -> None:
    """Texts of each sample written out, copies of a document as documents of their own."""
    q, stratified = case(1)
    order, documents = ordered_by_document(stratified)
    rng = np.random.default_rng(3)
    drawn = draw_samples(documents, draw_population(documents, 4, rng), 5, rng)
    found = SampleEstimates(documents, drawn).of((q[0] - q[1])[order])
    for sample in range(5):
        there = np.flatnonzero(drawn.n_texts[:, sample])
        first = documents.first[drawn.documents[there, sample]]
        sizes = drawn.n_texts[there, sample]
        texts = np.concatenate([np.arange(a, a + n) for a, n in zip(first, sizes, strict=True)])
        own = double_centred(q[:2][:, order[texts]])
        copied = StratifiedDocuments(np.repeat(np.arange(len(there)), sizes), drawn.strata[there])
        kl = nats_per_text(squared_distances(own), len(texts))[0, 1]
        errors = standard_errors(own, copied)
        assert found.kl[sample] == pytest.approx(kl)
        assert found.errors.standard_error[sample] == pytest.approx(errors.standard_error[0, 1])
        freedom = found.errors.degrees_of_freedom[sample]
        assert freedom == pytest.approx(errors.degrees_of_freedom[0, 1])


def test_intervals_of_normal_differences_hold_the_truth_as_often_as_said() -> None:
    """200 documents of one or two normal texts, 2,000 samples: 93% to 97% for each of six pairs.

    One standard error of a coverage of 95% is 0.5%.
    """
    rng = np.random.default_rng(8)
    texts = np.sort(np.concatenate([np.arange(200), rng.integers(0, 200, 80)]))
    q = double_centred(rng.normal(0, 30, (4, len(texts))))
    stratified = StratifiedDocuments(texts, np.zeros(200, dtype=np.int64))
    pairs = sampled_pairs(4, 10, rng)
    runs = [simulate_population(q, stratified, pairs, 200, 50, 0.95, rng) for _ in range(10)]
    means = np.mean([found for found, _ in runs], axis=0)
    assert means.shape == (6, 5)
    assert ((means[:, 0] >= 0.93) & (means[:, 0] <= 0.97)).all()
    assert (means[:, 3] <= 1 - means[:, 0]).all()
    assert (means[:, 4] > 0).all()


def test_texts_that_repeat_in_a_document_are_not_independent() -> None:
    """Five copies of each text in its document: 93% to 97% by document, under 75% by text."""
    rng = np.random.default_rng(4)
    once = double_centred(rng.normal(0, 30, (2, 150)))
    q = double_centred(np.repeat(once, 5, axis=1))
    stratified = StratifiedDocuments(np.repeat(np.arange(150), 5), np.zeros(150, dtype=np.int64))
    means, _ = simulate_population(q, stratified, np.array([[0, 1]]), 2_000, 50, 0.95, rng)
    assert 0.93 <= means[0, 0] <= 0.97
    assert means[0, 2] < 0.75


def test_samples_without_the_document_that_rules_a_pair_are_too_low() -> None:
    """One text of thirty holds the KL: intervals miss it from below where it is not drawn."""
    rng = np.random.default_rng(6)
    q = rng.normal(0, 1, (2, 30))
    q[0, 0] = 1000.0
    stratified = StratifiedDocuments(np.arange(30), np.zeros(30, dtype=np.int64))
    means, absent = simulate_population(q, stratified, np.array([[0, 1]]), 500, 50, 0.95, rng)
    assert means[0, 3] == pytest.approx(absent[0], abs=0.01)
    assert 0.2 < means[0, 3] <= 1 - means[0, 0]


def test_a_document_is_absent_as_often_as_chance_has_it() -> None:
    """Ten documents of one text, a population without end: (9/10)^10 = 34.9%."""
    q = np.random.default_rng(0).normal(0, 1, (2, 10))
    stratified = StratifiedDocuments(np.arange(10), np.zeros(10, dtype=np.int64))
    runs = [
        simulate_population(
            q, stratified, np.array([[0, 1]]), 20, 200, 0.95, np.random.default_rng(seed)
        )
        for seed in range(100)
    ]
    absent = np.mean([found for _, found in runs], axis=0)
    assert absent.mean() == pytest.approx(0.9**10, abs=0.01)


def test_the_largest_document_is_the_one_with_most_of_the_squares_by_hand() -> None:
    """Terms 0 | 0 | 5, 3 | 2 less their mean 2 are -2, -2, 4 and 0 in sum: 16 of 24."""
    terms = np.array([0.0, 0, 5, 3, 2])
    q = np.stack([np.zeros(5), np.sqrt(2 * terms)])
    stratified = StratifiedDocuments(np.array([0, 1, 2, 2, 3]), np.zeros(4, dtype=np.int64))
    number, share = largest_documents(q, stratified, np.array([[0, 1]]))
    assert number.tolist() == [2]
    assert share[0] == pytest.approx(16 / 24)


def test_pairs_are_all_or_some_of_them_in_order() -> None:
    """Six of four models; three of them at random, each once."""
    rng = np.random.default_rng(0)
    every = [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]
    assert sampled_pairs(4, 6, rng).tolist() == every
    some = sampled_pairs(4, 3, rng).tolist()
    assert len(some) == 3
    assert some == [pair for pair in every if pair in some]


def test_what_is_told_of_coverage_by_hand() -> None:
    """Coverages of 0.90, 0.93, 0.95, 0.97 and 0.98: two fail, one on each side."""
    table = pd.DataFrame(
        {
            "model_a": list("abcde"),
            "model_b": list("vwxyz"),
            "coverage": [0.95, 0.90, 0.98, 0.93, 0.97],
            "largest_document": ["d", "e", "f", "d", "d"],
            "largest_share": [0.1, 0.625, 0.2, 0.3, 0.4],
            "largest_absent": [0.3, 0.4, 0.2, 0.3, 0.3],
        }
    )
    assert fails(table["coverage"], 0.95).tolist() == [False, True, True, False, False]
    summary = distribution(table["coverage"], 0.95)
    assert summary["median"] == 0.95
    assert summary["percentile_5"] == 0.906
    assert summary["least"] == 0.9
    assert summary["share_of_pairs_within"] == 0.6
    found = failing_pairs(table, 0.95)
    assert (found["n_failing_below"], found["n_failing_above"]) == (1, 1)
    assert found["failing_pairs"] == ["b, w: 0.900", "c, x: 0.980"]
    assert found["failing_by_largest_document"] == [
        {
            "document": "e",
            "n_pairs": 1,
            "median_share_of_variance": 0.625,
            "absent_from_samples": 0.4,
        },
        {
            "document": "f",
            "n_pairs": 1,
            "median_share_of_variance": 0.2,
            "absent_from_samples": 0.2,
        },
    ]
