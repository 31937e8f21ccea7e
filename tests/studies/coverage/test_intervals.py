"""Coverage of confidence intervals: estimates in samples, counting, and what is told."""

import numpy as np
import pandas as pd
import pytest

from modelmap.divergence.kl import LN2, nats_per_text, squared_distances
from modelmap.divergence.neighbours import sampled_pairs
from modelmap.divergence.standard_error import StratifiedDocuments, standard_errors
from modelmap.matrix.clip_centre import double_centred
from modelmap.plumbing.arrays import Indices, Matrix
from modelmap.studies.coverage.intervals import (
    Outcome,
    distribution,
    failing_pairs,
    fails,
    largest_documents,
    simulate_population,
)
from modelmap.studies.coverage.pairs import Pairs
from modelmap.studies.coverage.populations import (
    draw_population,
    draw_sample,
    ordered_by_document,
)

ONE_PAIR = np.array([[0, 1]])


def papers_pairs(q: Matrix, models: Indices = ONE_PAIR) -> Pairs:
    """Return pairs for the papers' estimate; with 1 / ln 2 bytes a text KL is in nats per text."""
    differences = (q[models[:, 0]] - q[models[:, 1]]).T
    return Pairs(models, differences, np.full(differences.shape, 1 / LN2), are_differences=True)


def simulated(pairs: Pairs, stratified: StratifiedDocuments, n: int, seed: int) -> Outcome:
    """Return the outcome of n samples of a population fifty times as large, at 95%."""
    rng = np.random.default_rng(seed)
    return simulate_population(pairs, stratified, n, 50, [], 0.95, rng)


def one_stratum(n_documents: int) -> Indices:
    """Return the strata of documents that are all in one."""
    return np.zeros(n_documents, dtype=np.int64)


def test_a_samples_estimates_are_those_of_a_project_with_its_texts() -> None:
    """KL, standard error and degrees of freedom, as the stage computes the papers' estimate."""
    rng = np.random.default_rng(1)
    numbers = np.concatenate([np.arange(12), rng.integers(0, 12, 20)])
    q = double_centred(rng.normal(-700, 30, (4, len(numbers))))
    order, documents = ordered_by_document(StratifiedDocuments(numbers, np.arange(12) % 2))
    models = np.array([[0, 1], [1, 3]])
    pairs, members = papers_pairs(q, models).of_texts(order), draw_population(documents, 4, rng)
    for _ in range(5):
        sample = draw_sample(documents, members, rng)
        found = pairs.of_texts(sample.texts).estimates(sample.stratified)
        own = double_centred(q[:, order[sample.texts]])
        kl = nats_per_text(squared_distances(own), len(sample.texts))
        errors = standard_errors(own, sample.stratified)
        first, second = models.T
        assert found.kl == pytest.approx(kl[first, second])
        expected = errors.standard_error[first, second]
        assert found.errors.standard_error == pytest.approx(expected)
        expected = errors.degrees_of_freedom[first, second]
        assert found.errors.degrees_of_freedom == pytest.approx(expected)


def test_intervals_of_normal_differences_hold_the_truth_as_often_as_said() -> None:
    """200 documents of one or two normal texts, 2,000 samples: 93% to 97% for each of six pairs.

    One standard error of a coverage of 95% is 0.5%.
    """
    rng = np.random.default_rng(8)
    texts = np.sort(np.concatenate([np.arange(200), rng.integers(0, 200, 80)]))
    q = double_centred(rng.normal(0, 30, (4, len(texts))))
    stratified = StratifiedDocuments(texts, one_stratum(200))
    pairs = papers_pairs(q, sampled_pairs(4, 10, rng))
    runs = [simulated(pairs, stratified, 200, seed).pairs for seed in range(10)]
    means = np.mean(runs, axis=0)
    assert means.shape == (6, 5)
    assert ((means[:, 0] >= 0.93) & (means[:, 0] <= 0.97)).all()
    assert (means[:, 3] <= 1 - means[:, 0]).all()
    assert (means[:, 4] > 0).all()


def test_intervals_from_parts_of_the_texts_hold_the_truth_as_often_as_said() -> None:
    """Terms of about 1, 4 and 9 nats in three strata, and a tenth or half of 300 texts: 93% to 97%.

    How many texts of a stratum are in a part is random, so that strata differ is part of the error.
    """
    rng = np.random.default_rng(2)
    numbers = np.repeat(np.arange(150), 2)
    level = np.array([1.0, 4.0, 9.0])[numbers % 3]
    terms = (level * rng.gamma(8, 1 / 8, 300))[:, None]
    pairs = Pairs(ONE_PAIR, terms, rng.uniform(300, 1024, (300, 1)), are_differences=False)
    stratified = StratifiedDocuments(numbers, np.arange(150) % 3)
    runs = [
        simulate_population(pairs, stratified, 200, 50, [30, 150], 0.95, rng).parts
        for _ in range(10)
    ]
    parts = np.mean(runs, axis=0)
    assert parts.shape == (2, 1)
    assert ((parts >= 0.93) & (parts <= 0.97)).all()


def test_a_part_of_a_single_document_contains_nothing() -> None:
    """All texts are of three documents, and two texts are often of one of them."""
    terms = np.random.default_rng(0).gamma(8, 1, (30, 1))
    pairs = Pairs(ONE_PAIR, terms, np.ones((30, 1)), are_differences=False)
    stratified = StratifiedDocuments(np.repeat(np.arange(3), 10), one_stratum(3))
    rng = np.random.default_rng(0)
    found = simulate_population(pairs, stratified, 500, 50, [2], 0.95, rng).parts
    assert 0.3 < found[0, 0] < 0.75


def test_texts_that_repeat_in_a_document_are_not_independent() -> None:
    """Five copies of each text in its document: 93% to 97% by document, under 75% by text."""
    rng = np.random.default_rng(4)
    once = double_centred(rng.normal(0, 30, (2, 150)))
    q = double_centred(np.repeat(once, 5, axis=1))
    stratified = StratifiedDocuments(np.repeat(np.arange(150), 5), one_stratum(150))
    means = simulated(papers_pairs(q), stratified, 2_000, 4).pairs
    assert 0.93 <= means[0, 0] <= 0.97
    assert means[0, 2] < 0.75


def test_texts_of_documents_of_their_own_are_independent() -> None:
    """Normal intervals by document and by text are the same in one stratum."""
    q = np.random.default_rng(3).normal(0, 30, (2, 40))
    stratified = StratifiedDocuments(np.arange(40), one_stratum(40))
    means = simulated(papers_pairs(q), stratified, 300, 3).pairs
    assert 0.85 < means[0, 1] < 0.97
    assert means[0, 1] == means[0, 2]


def test_samples_without_the_document_that_rules_a_pair_are_too_low() -> None:
    """One text of thirty holds the KL: intervals miss it from below where it is not drawn."""
    rng = np.random.default_rng(6)
    q = rng.normal(0, 1, (2, 30))
    q[0, 0] = 1000.0
    stratified = StratifiedDocuments(np.arange(30), one_stratum(30))
    found = simulated(papers_pairs(q), stratified, 500, 6)
    assert found.pairs[0, 3] == pytest.approx(found.absent[0], abs=0.01)
    assert 0.2 < found.pairs[0, 3] <= 1 - found.pairs[0, 0]


def test_a_document_is_absent_as_often_as_chance_has_it() -> None:
    """Ten documents of one text, a population without end: (9/10)^10 = 34.9%."""
    q = np.random.default_rng(0).normal(0, 1, (2, 10))
    stratified = StratifiedDocuments(np.arange(10), one_stratum(10))
    pairs = papers_pairs(q)
    runs = [
        simulate_population(pairs, stratified, 20, 200, [], 0.95, np.random.default_rng(seed))
        for seed in range(100)
    ]
    absent = np.mean([run.absent for run in runs], axis=0)
    assert absent.mean() == pytest.approx(0.9**10, abs=0.01)


def test_the_largest_document_is_the_one_with_most_of_the_squares_by_hand() -> None:
    """Terms 0 | 0 | 5, 3 | 2 less their mean 2 are -2, -2, 4 and 0 in sum: 16 of 24."""
    terms = np.array([[0.0], [0], [5], [3], [2]])
    pairs = Pairs(ONE_PAIR, terms, np.ones((5, 1)), are_differences=False)
    stratified = StratifiedDocuments(np.array([0, 1, 2, 2, 3]), one_stratum(4))
    number, share = largest_documents(pairs, stratified)
    assert number.tolist() == [2]
    assert share[0] == pytest.approx(16 / 24)


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
