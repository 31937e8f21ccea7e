"""KLs of a new model from a few texts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelmap.place.few_texts import (
    NEAREST,
    PLAIN,
    Sample,
    calibrated_widening,
    distances,
    intervals,
    plain,
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


def test_the_plain_estimate_is_a_ratio_of_sums() -> None:
    """(2 + 4) nats in (10 + 20) bytes."""
    none = np.zeros((2, 1, 1))
    one = Sample(np.array([[2.0], [4.0]]), np.array([[10.0], [20.0]]), none, none, none[0], 0.1)
    assert plain(one).tolist() == [0.2]
    assert distances(one).control == PLAIN


def test_a_copy_of_a_known_model_has_its_kls_from_all_texts() -> None:
    """Its terms are those of the nearest model, so the control takes all error of the sample."""
    full, _ = sample(6, 5, seed=3)
    copy = Sample(
        full.known_terms[:, 2] + 1e-9,
        full.known_bytes[:, 2],
        full.known_terms,
        full.known_bytes,
        full.known_kl,
        full.share,
    )
    found = distances(copy)
    assert found.control == NEAREST
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
def test_the_chosen_control_is_estimated_to_be_no_worse_than_none(n_texts: int, seed: int) -> None:
    """The mean squared relative error of the choice is at most that of the plain estimate."""
    full, _ = sample(5, n_texts, seed)
    shares = full.terms / full.terms.sum(axis=0) - full.n_bytes / full.n_bytes.sum(axis=0)
    factor = (1 - full.share) * n_texts / (n_texts - 1)
    of_plain = factor * np.square(shares).sum(axis=0).mean()
    assert np.square(distances(full).relative_error).mean() <= of_plain * (1 + 1e-9)


def test_controls_lower_the_error_and_intervals_hold() -> None:
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
