"""The error of a plan for the mixture estimates: by hand, and confirmed by random orders."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers.matrices import made_up_segments

from modelmap.divergence.mixture import mixture_estimates
from modelmap.divergence.standard_error import StratifiedDocuments
from modelmap.matrix.segments_file import SegmentLogliks
from modelmap.plan.mixture_error import mixture_error, mixture_plan_errors
from modelmap.plan.ordered_texts import plan_table, planned_sample
from modelmap.plan.settings import PlanSettings
from modelmap.plan.tables import PLAN_ERRORS
from modelmap.plumbing.arrays import Vector
from modelmap.plumbing.tables import check_table
from modelmap.resample.pair_terms import pair_terms

N_TEXTS = 80
EVEN = np.ones(N_TEXTS)
SETTINGS = PlanSettings(
    seed=1, size_measure="uniform", even_share=0.1, checked_shares=[0.2, 0.5], n_checks=40
)


def importance_of(segments: SegmentLogliks) -> Vector:
    """Return the importance of texts, as the stage divergence computes it."""
    documents = StratifiedDocuments(np.arange(N_TEXTS), np.zeros(N_TEXTS, dtype=np.int64))
    found = mixture_estimates(segments.loglik_nats, segments.first, segments.n_bytes, documents)
    return found.text_importance


def random_plan(size: Vector, seed: int) -> pd.DataFrame:
    """Return a plan of this size measure, in a random order."""
    return plan_table(size, np.random.default_rng(seed).random(len(size)))


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
