"""The error of a plan for the mixture estimates: by hand, and confirmed by random orders."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from modelmap.divergence.mixture import mixture_estimates
from modelmap.divergence.standard_error import StratifiedDocuments
from modelmap.matrix.segments_file import SegmentLogliks
from modelmap.plan import mixture_error as module
from modelmap.plan.mixture_error import (
    PairTerms,
    mixture_error,
    mixture_plan_errors,
    pair_terms,
)
from modelmap.plan.ordered_texts import plan_table, planned_sample
from modelmap.plan.settings import PlanSettings
from modelmap.plan.tables import PLAN_ERRORS
from modelmap.plumbing.arrays import Vector
from modelmap.plumbing.tables import check_table
from modelmap.resample.estimate import UniqueTexts

N_TEXTS, N_MODELS = 80, 6
EVEN = np.ones(N_TEXTS)
SETTINGS = PlanSettings(
    seed=1, size_measure="uniform", even_share=0.1, checked_shares=[0.2, 0.5], n_checks=40
)


def made_up_segments() -> SegmentLogliks:
    """Return log-likelihoods of six models on texts of 4 to 30 segments."""
    rng = np.random.default_rng(0)
    n_segments = rng.integers(4, 31, N_TEXTS)
    first = np.concatenate([[0], np.cumsum(n_segments)[:-1]])
    spread = np.repeat(rng.lognormal(0, 0.5, N_TEXTS), n_segments)
    values = rng.standard_normal((N_MODELS, n_segments.sum())) * spread - 5
    models = [f"m{i}" for i in range(N_MODELS)]
    sizes = rng.integers(1, 9, n_segments.sum())
    return SegmentLogliks(values.astype(np.float32), models, first, sizes, "made up")


def importance_of(segments: SegmentLogliks) -> Vector:
    """Return the importance of texts, as the stage divergence computes it."""
    documents = StratifiedDocuments(np.arange(N_TEXTS), np.zeros(N_TEXTS, dtype=np.int64))
    found = mixture_estimates(segments.loglik_nats, segments.first, segments.n_bytes, documents)
    return found.text_importance


def random_plan(size: Vector, seed: int) -> pd.DataFrame:
    """Return a plan of this size measure, in a random order."""
    return plan_table(size, np.random.default_rng(seed).random(len(size)))


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


def test_an_expected_error_by_hand() -> None:
    """Importances .1, .2, .2, .4: two of four texts have sqrt(4/3 * .25 * (1 - .5) / .5)."""
    importance = np.array([0.1, 0.2, 0.2, 0.4])
    plan = random_plan(np.ones(4), 0)
    assert mixture_error(importance, plan, 2) == pytest.approx((4 / 3 * 0.25) ** 0.5)
    assert mixture_error(importance, plan, 1) == pytest.approx((4 / 3 * 0.25 * 3) ** 0.5)
    assert mixture_error(importance, plan, 4) == 0


def test_texts_that_are_chosen_anyway_add_no_error() -> None:
    """Sizes 4, 1, 1, 1 of 7: with two texts the first has probability 1, others 1/3 each."""
    importance = np.array([9.0, 0.1, 0.2, 0.2])
    plan = random_plan(np.array([4.0, 1.0, 1.0, 1.0]), 0)
    squares = (0.1**2 + 0.2**2 + 0.2**2) * (1 - 1 / 3) * 3
    assert mixture_error(importance, plan, 2) == pytest.approx((3 / 2 * squares) ** 0.5)


def test_a_sample_of_all_texts_has_no_error() -> None:
    """And every interval contains the estimate, which is exact."""
    pairs = pair_terms(made_up_segments(), 1)
    sample = UniqueTexts(np.arange(N_TEXTS), EVEN)
    np.testing.assert_allclose(pairs.relative_errors(sample), 0, atol=1e-12)
    assert pairs.covered(sample).all()


def test_errors_of_a_sample_by_hand() -> None:
    """Terms 1, 2, 6 on 10, 10, 20 bytes: the first two have ratio 3/20, and all have 9/40."""
    pairs = PairTerms(np.array([[1.0], [2.0], [6.0]]), np.array([[10.0], [10.0], [20.0]]))
    sample = UniqueTexts(np.array([0, 1]), np.array([1.5, 1.5]))
    assert pairs.relative_errors(sample).tolist() == pytest.approx([(3 / 20) / (9 / 40) - 1])
    weighted = UniqueTexts(np.array([1, 2]), np.array([3.0, 1.0]))
    assert pairs.relative_errors(weighted).tolist() == pytest.approx([(12 / 50) / (9 / 40) - 1])


@pytest.mark.parametrize("unequal", [False, True])
def test_the_predicted_error_is_confirmed_by_random_orders(unequal: bool) -> None:
    """Root mean square over 800 orders within a tenth, with equal and with unequal sizes."""
    segments = made_up_segments()
    size = EVEN if not unequal else np.random.default_rng(2).uniform(0.5, 2.0, N_TEXTS)
    pairs, importance = pair_terms(segments, 1), importance_of(segments)
    errors = [
        pairs.relative_errors(planned_sample(random_plan(size, seed), 30)) for seed in range(800)
    ]
    predicted = mixture_error(importance, random_plan(size, 0), 30)
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(predicted, rel=0.1)


def test_intervals_cover_the_estimate_from_all_texts() -> None:
    """At 95%, between 92% and 98% over 15 pairs and 400 orders."""
    pairs = pair_terms(made_up_segments(), 1)
    covered = [pairs.covered(planned_sample(random_plan(EVEN, seed), 30)) for seed in range(400)]
    assert 0.92 < np.mean(covered) < 0.98


def test_the_table_of_errors_has_a_row_for_each_checked_size(tmp_path: Path) -> None:
    """Predicted and redrawn errors agree and fall; the number of workers changes nothing."""
    segments = made_up_segments()
    pairs, importance = pair_terms(segments, 1), importance_of(segments)
    plan = random_plan(EVEN, 3)
    one, two = (
        mixture_plan_errors(pairs, importance, plan, SETTINGS, n_workers) for n_workers in (1, 2)
    )
    table = check_table(one, PLAN_ERRORS, "plan.csv")
    pd.testing.assert_frame_equal(two, one)
    assert table["d"].tolist() == [16, 40]
    ratio = table["redrawn_error"] / table["predicted_error"]
    assert ratio.between(0.8, 1.25).all()
    assert table["predicted_error"].is_monotonic_decreasing
    assert table["interval_coverage"].between(0.85, 1).all()
