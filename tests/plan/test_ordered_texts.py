from functools import partial

import numpy as np
import pandas as pd
import pytest
from helpers.matrices import made_up
from hypothesis import given, settings
from hypothesis import strategies as st

from modelmap.divergence.kl import squared_distances
from modelmap.matrix.clip_centre import double_centred
from modelmap.plan.ordered_texts import (
    intervals_cover,
    plan_error,
    plan_table,
    planned_sample,
    planned_texts,
    texts_for_error,
    with_even_share,
)
from modelmap.resample.gram import ErrorMeter, sample_errors
from modelmap.resample.methods import relative_size
from modelmap.texts.random_order import permanent_random_numbers


def small_plan() -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """Return Q, G and a plan of 80 texts."""
    q = double_centred(made_up(6, 80))
    full = squared_distances(q)
    numbers = permanent_random_numbers([str(i) for i in range(80)], 42)
    return q, full, plan_table(with_even_share(relative_size(q, full), 0.1), numbers)


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 25), st.integers(0, 100))
def test_any_beginning_of_the_order_is_part_of_a_longer_one(n_texts: int, seed: int) -> None:
    """Ranks are 1 to N, and the texts for d are the first d of those for d + 1."""
    rng = np.random.default_rng(seed)
    plan = plan_table(rng.lognormal(0, 1, n_texts), rng.random(n_texts))
    assert sorted(plan["rank"]) == list(range(1, n_texts + 1))
    for d in range(1, n_texts):
        shorter, longer = planned_texts(plan, d), planned_texts(plan, d + 1)
        assert shorter["text_id"].tolist() == longer["text_id"].tolist()[:d]
        assert (longer["probability"].to_numpy()[:d] >= shorter["probability"] - 1e-12).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("n_chosen", "weights"), [(2, [1, 1]), (3, [1, 1, 2])])
def test_texts_that_cannot_be_chosen_yet_have_no_weight(n_chosen: int, weights: list[int]) -> None:
    """Texts of size 0 come last; each of two is chosen with probability 1/2 as the third text."""
    plan = plan_table(np.array([0.0, 2.0, 0.0, 2.0]), np.array([0.1, 0.2, 0.3, 0.4]))
    assert planned_texts(plan, n_chosen)["weight"].tolist() == weights


def test_weights_are_one_over_probabilities() -> None:
    """Horvitz and Thompson; they are 1 for all texts at d = N."""
    _, _, plan = small_plan()
    chosen = planned_texts(plan, 30)
    assert np.allclose(chosen["weight"] * chosen["probability"], 1)
    assert (planned_texts(plan, 80)["weight"] == 1).all()
    sample = planned_sample(plan, 30)
    in_order = chosen.sort_values("text_id")
    assert sample.texts.tolist() == in_order["text_id"].tolist()
    assert np.allclose(sample.squared_weights, in_order["weight"])


def test_an_even_share_bounds_the_weights() -> None:
    """No weight passes N / (d even_share); a share of 1 makes all texts alike."""
    size = np.array([0.0, 0.0, 1.0, 100.0])
    assert with_even_share(size, 1.0).tolist() == [1, 1, 1, 1]
    assert with_even_share(size, 0.1).mean() == pytest.approx(1)
    assert with_even_share(size, 0.1).min() == pytest.approx(0.1)


def test_fewest_texts_for_an_error() -> None:
    """The number found is expected to reach the error, and one text fewer is not."""
    q, full, plan = small_plan()
    error_of = partial(plan_error, q, full, plan)
    d = texts_for_error(error_of, 80, 0.1)
    assert 2 < d < 80
    assert error_of(d) <= 0.1 < error_of(d - 1)
    assert texts_for_error(error_of, 80, 1e-9) == 80


def test_the_predicted_error_is_confirmed_by_redrawn_orders() -> None:
    """Root mean square over 800 orders within a tenth of the prediction."""
    q, full, plan = small_plan()
    rng, meter = np.random.default_rng(0), ErrorMeter(full)
    size = plan["size_measure"].to_numpy()
    errors = [
        sample_errors(q, planned_sample(plan_table(size, rng.random(80)), 40), meter)[1]
        for _ in range(800)
    ]
    predicted = plan_error(q, full, plan, 40)
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(predicted, rel=0.1)


def test_intervals_of_the_design_cover_the_distances_of_all_texts() -> None:
    """At 95%, between 90% and 98% over 15 pairs and 600 orders."""
    q, full, plan = small_plan()
    rng, pairs = np.random.default_rng(1), np.triu_indices(6, 1)
    size = plan["size_measure"].to_numpy()
    inside = [
        intervals_cover(q, full, planned_sample(plan_table(size, rng.random(80)), 40), pairs)
        for _ in range(600)
    ]
    assert 0.90 < np.mean(inside) < 0.98
