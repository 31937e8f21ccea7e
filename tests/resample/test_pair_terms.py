"""Sums over texts for pairs of models, and the errors of the estimates of a sample: by hand."""

import numpy as np
import pytest
from helpers.matrices import made_up_segments

from modelmap.divergence.mixture import mixture_estimates
from modelmap.divergence.standard_error import StratifiedDocuments
from modelmap.resample import pair_terms as module
from modelmap.resample.designs import horvitz_thompson
from modelmap.resample.estimate import UniqueTexts
from modelmap.resample.pair_terms import PairTerms, pair_terms

N_TEXTS, N_MODELS = 80, 6


def test_the_terms_of_pairs_are_the_estimates() -> None:
    """Summed over texts, in the order of the pairs; models without a difference are left out."""
    segments = made_up_segments()
    segments.loglik_nats[3] = segments.loglik_nats[1]
    pairs = pair_terms(segments, seed=1)
    documents = StratifiedDocuments(np.arange(N_TEXTS), np.zeros(N_TEXTS, dtype=np.int64))
    kl = mixture_estimates(segments.loglik_nats, segments.first, segments.n_bytes, documents).kl[
        np.triu_indices(N_MODELS, 1)
    ]
    assert pairs.terms.shape == pairs.n_bytes.shape == (N_TEXTS, 14)
    found = pairs.terms.sum(axis=0) / pairs.n_bytes.sum(axis=0) / np.log(2)
    np.testing.assert_allclose(found, kl[kl > 0], rtol=1e-5)
    assert pairs.reason_if_identical() is None


def test_many_pairs_are_drawn_at_random(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more than MAX_PAIRS, the same for the same seed."""
    monkeypatch.setattr(module, "MAX_PAIRS", 4)
    one, same, other = (pair_terms(made_up_segments(), seed).terms for seed in (1, 1, 2))
    assert one.shape == (N_TEXTS, 4)
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_pairs_of_identical_models_give_a_reason() -> None:
    """There is nothing to estimate."""
    segments = made_up_segments()
    segments.loglik_nats[:] = segments.loglik_nats[0]
    reason = pair_terms(segments, 1).reason_if_identical()
    assert reason == "needs models that differ, and all squared distances between them are 0"


def test_a_sample_of_all_texts_has_no_error() -> None:
    """And every interval contains the estimate, which is exact."""
    pairs = pair_terms(made_up_segments(), 1)
    sample = UniqueTexts(np.arange(N_TEXTS), np.ones(N_TEXTS))
    np.testing.assert_allclose(pairs.relative_errors(sample), 0, atol=1e-12)
    assert pairs.covered(sample).all()


def test_errors_of_a_sample_by_hand() -> None:
    """Terms 1, 2, 6 on 10, 10, 20 bytes: the first two have ratio 3/20, and all have 9/40."""
    pairs = PairTerms(np.array([[1.0], [2.0], [6.0]]), np.array([[10.0], [10.0], [20.0]]))
    sample = UniqueTexts(np.array([0, 1]), np.array([1.5, 1.5]))
    assert pairs.relative_errors(sample).tolist() == pytest.approx([(3 / 20) / (9 / 40) - 1])
    assert pairs.relative_error(sample) == pytest.approx(1 / 3)
    weighted = UniqueTexts(np.array([1, 2]), np.array([3.0, 1.0]))
    assert pairs.relative_errors(weighted).tolist() == pytest.approx([(12 / 50) / (9 / 40) - 1])


def test_intervals_cover_the_estimate_from_all_texts() -> None:
    """At 95%, between 92% and 98% over 15 pairs and 400 orders."""
    pairs = pair_terms(made_up_segments(), 1)
    probability = np.full(N_TEXTS, 30 / N_TEXTS)
    covered = []
    for seed in range(400):
        chosen = np.random.default_rng(seed).choice(N_TEXTS, 30, replace=False)
        covered.append(pairs.covered(horvitz_thompson(chosen, probability)))
    assert 0.92 < np.mean(covered) < 0.98
