"""KLs of a new model from a few texts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelmap.placing.few_texts import (
    PENALTY,
    Distances,
    Sample,
    calibrated_widening,
    distances,
    intervals,
    plain,
    plain_texts_needed,
    text_weights,
)

N_ALL = 40


def sample(n_models: int, n_texts: int, seed: int) -> tuple[Sample, np.ndarray]:
    """Return a sample of made-up models, the last of which is new, and its KLs from all texts."""
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((n_models + 1, 4))
    apart = np.square(points[:, None] - points[None]).sum(axis=2)
    # Terms of a pair are its distance times what each text adds, with a part of the pair's own.
    texts = rng.gamma(4, size=N_ALL)[:, None, None]
    own = rng.gamma(50, size=(N_ALL, n_models + 1, n_models + 1)) / 50
    terms = apart * texts * (own + own.transpose(0, 2, 1)) / 2
    n_bytes = np.broadcast_to(rng.uniform(90, 110, N_ALL)[:, None, None], terms.shape)
    kl = terms.sum(axis=0) / n_bytes.sum(axis=0)
    drawn = rng.permutation(N_ALL)[:n_texts]
    every = Sample(
        terms[drawn, -1], n_bytes[drawn, -1], terms[drawn], n_bytes[drawn], kl, n_texts / N_ALL
    )
    return every.without(n_models), kl[-1, :-1]


def test_without_pairs_of_known_models_the_estimate_is_a_ratio_of_sums() -> None:
    """(2 + 4) nats in (10 + 20) bytes, with equal weights."""
    none = np.zeros((2, 1, 1))
    terms, n_bytes = np.array([[2.0], [4.0]]), np.array([[10.0], [20.0]])
    one = Sample(terms, n_bytes, none, n_bytes[:, :, None], none[0], 0.1)
    assert plain(one).tolist() == [0.2]
    assert distances(one).kl == pytest.approx([0.2])
    assert text_weights(one, np.ones(1)) == pytest.approx(np.full(2, 1 / PENALTY))


def test_a_copy_of_a_known_model_has_its_kls_from_all_texts() -> None:
    """The ratio to it takes all error of the sample, if no two known models are alike."""
    full, _ = sample(6, 5, seed=4)
    copy = Sample(
        full.known_terms[:, 2] + 1e-9,
        full.known_bytes[:, 2],
        full.known_terms,
        full.known_bytes,
        full.known_kl,
        full.share,
    )
    found = distances(copy)
    others = np.arange(6) != 2
    np.testing.assert_allclose(found.kl[others], full.known_kl[2, others], rtol=1e-6)
    assert found.relative_error[others].max() < 1e-6
    assert found.kl[2] == pytest.approx(0, abs=1e-8)


def test_all_texts_leave_no_error() -> None:
    """With every text in the sample the KLs are exact, and the intervals have no width."""
    full, truth = sample(6, N_ALL, seed=0)
    found = distances(full)
    np.testing.assert_allclose(found.kl, truth)
    low, high = intervals(found, N_ALL, calibrated_widening(full))
    np.testing.assert_allclose(low, high)


@given(st.integers(2, 12), st.integers(0, 10_000))
def test_weights_bring_known_kls_nearer_to_those_of_all_texts(n_texts: int, seed: int) -> None:
    """The penalised sum of squares that they minimise is at most that of equal weights."""
    full, _ = sample(5, n_texts, seed)
    weights = text_weights(full, np.ones(5))
    above = np.triu_indices(5, k=1)
    expected = full.known_kl[above] * full.known_bytes[:, *above]
    scale = full.known_kl[above] * full.known_bytes.mean(axis=0)[above]
    residuals = (full.known_terms[:, *above] - expected) / scale

    def loss(chosen: np.ndarray) -> float:
        shares = chosen / chosen.sum()
        return float(np.square(shares @ residuals).mean() + PENALTY * np.square(shares).sum())

    assert (weights >= 0).all()
    assert weights.sum() > 0
    if (weights > 0).all():
        assert loss(weights) <= loss(np.ones(n_texts)) + 1e-12
        rng = np.random.default_rng(seed)
        assert loss(weights) <= loss(weights * rng.uniform(0.8, 1.2, n_texts)) + 1e-12


def test_one_text_that_is_unlike_the_others_counts_less() -> None:
    """Its terms of all pairs are three times as large as they should be."""
    known_kl = np.array([[0.0, 1.0, 2.0], [1.0, 0.0, 2.0], [2.0, 2.0, 0.0]])
    factors = np.array([1.0, 1.0, 3.0])
    one = Sample(
        factors[:, None] * np.array([[1.0, 1.0, 2.0]]),
        np.ones((3, 3)),
        factors[:, None, None] * known_kl,
        np.ones((3, 3, 3)),
        known_kl,
        0.1,
    )
    weights = text_weights(one, np.ones(3))
    # (M + 0.02 I) w = 1, with M = 4 where both are the third text and 0 elsewhere.
    assert weights == pytest.approx([50, 50, 1 / 4.02])
    np.testing.assert_allclose(distances(one).kl, [1, 1, 2], rtol=1e-9)


def test_known_models_lower_the_error_and_intervals_hold() -> None:
    """Over 60 samples of 6 texts: less than the plain error, and 90% to 100% covered."""
    squares, covered = [], []
    for seed in range(60):
        full, truth = sample(8, 6, seed)
        found = distances(full)
        squares.append([np.square(one / truth - 1).mean() for one in (found.kl, plain(full))])
        low, high = intervals(found, 6, calibrated_widening(full))
        covered.append(((low <= truth) & (truth <= high)).mean())
    with_control, without = np.mean(squares, axis=0)
    assert with_control < 0.5 * without
    assert 0.9 <= np.mean(covered) <= 1


def test_a_held_out_model_is_known_by_its_sampled_texts_alone() -> None:
    """Its KLs from all texts do not enter the estimate in which it takes the new model's place."""
    full, _ = sample(6, 5, seed=1)
    changed = full.known_kl.copy()
    changed[3], changed[:, 3] = 99.0, 99.0
    other = Sample(
        full.terms, full.n_bytes, full.known_terms, full.known_bytes, changed, full.share
    )
    np.testing.assert_array_equal(distances(full.without(3)).kl, distances(other.without(3)).kl)


def test_intervals_without_end_are_finite_numbers() -> None:
    """From two texts a standard error may be any number; the KL stays inside."""
    found = Distances(np.array([0.1]), np.array([1e6]))
    low, high = intervals(found, 2, 1.0)
    assert 0 < low[0] < 1e-9
    assert 1e9 < high[0] < np.inf


def test_the_plain_estimate_needs_more_texts_for_a_smaller_error() -> None:
    """Its own error needs the sampled texts, no error all of them, and a tenth of it nearly all."""
    found, _ = sample(12, 10, 0)
    shares = found.terms / found.terms.sum(axis=0) - found.n_bytes / found.n_bytes.sum(axis=0)
    errors = (1 - found.share) * 10 / 9 * np.square(shares).sum(axis=0)
    own = float(np.sqrt(errors.mean()))
    assert plain_texts_needed(found, own) in (10, 11)
    assert plain_texts_needed(found, 0.0) == N_ALL
    assert 10 < plain_texts_needed(found, own / 2) < plain_texts_needed(found, own / 10) <= N_ALL
    assert plain_texts_needed(found, 100 * own) == 10
