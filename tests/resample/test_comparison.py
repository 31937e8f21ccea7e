import numpy as np
import pandas as pd
import pytest
from helpers.matrices import made_up

from modelmap.divergence.kl import squared_distances
from modelmap.matrix.clip_centre import double_centred
from modelmap.resample.comparison import (
    DESIGNS,
    PIVOTAL,
    SEQUENTIAL_POISSON,
    SIMPLE_RANDOM,
    WITH_REPLACEMENT,
    Design,
    comparison_row,
    design_sample,
    draws_for,
    gain_metrics,
    gain_parts,
    is_reached,
    size_measures,
)


def test_draws_that_give_a_number_of_unique_texts_on_average() -> None:
    """With equal probabilities, N (1 - (1 - 1/N)^n) unique texts come from n draws."""
    n = draws_for(np.full(100, 0.01), 63)
    assert 100 * (1 - 0.99**n) == pytest.approx(63, abs=0.5)


def test_unique_texts_that_draws_cannot_reach_are_refused() -> None:
    """One text of two has probability 0: two unique texts never come."""
    with pytest.raises(ValueError, match="do not reach 2 unique texts"):
        draws_for(np.array([1.0, 0.0]), 2)


@pytest.mark.parametrize("rare", [1e-4, 1e-17])
def test_unique_texts_that_take_too_many_draws_are_refused(rare: float) -> None:
    """Two texts rule: a third comes once in 1e4 draws, or its complement rounds to 1."""
    probabilities = np.array([0.5, 0.5, rare, rare])
    assert is_reached(probabilities, 2)
    assert not is_reached(probabilities, 3)
    with pytest.raises(ValueError, match="do not reach 3 unique texts"):
        draws_for(probabilities, 3)


@pytest.mark.parametrize("design", DESIGNS)
def test_every_design_has_about_the_same_cost(design: Design) -> None:
    """Without replacement exactly 30 unique texts, with replacement 30 on average."""
    q = double_centred(made_up(6, 80))
    size = size_measures(q, squared_distances(q))[design.size]
    rng = np.random.default_rng(0)
    counts = [len(design_sample(design, size, 30, rng)) for _ in range(60)]
    if design.draws == WITH_REPLACEMENT:
        assert np.mean(counts) == pytest.approx(30, abs=1)
    else:
        assert set(counts) == {30}


def test_parts_of_the_gain_by_hand() -> None:
    """From .10 to .08 by not drawing twice, to .02 in all: a quarter of the gain."""
    best = Design(PIVOTAL, "relative")
    errors = {
        Design(WITH_REPLACEMENT, "uniform"): 0.10,
        Design(SIMPLE_RANDOM, "uniform"): 0.08,
        best: 0.02,
    }
    parts = gain_parts(errors, best)
    assert parts["share_of_gain_from_not_drawing_twice"] == pytest.approx(0.25)


def test_without_a_gain_it_has_no_parts() -> None:
    """All three designs err equally: the share would be 0 / 0."""
    best = Design(PIVOTAL, "relative")
    designs = (Design(WITH_REPLACEMENT, "uniform"), Design(SIMPLE_RANDOM, "uniform"), best)
    parts = gain_parts(dict.fromkeys(designs, 0.1), best)
    assert parts["share_of_gain_from_not_drawing_twice"] is None
    assert parts["error_best"] == 0.1


def test_the_gain_is_compared_where_draws_with_replacement_reach() -> None:
    """The share .6 is nearest to .6, but only .3 has a row of every design."""
    rows = [
        {"draws": draws, "size_measure": size, "d": d, "share": d / 10, "relative_error": error}
        for draws, size, d, error in [
            (WITH_REPLACEMENT, "uniform", 3, 0.3),
            (SIMPLE_RANDOM, "uniform", 3, 0.2),
            (SIMPLE_RANDOM, "uniform", 6, 0.1),
            (SEQUENTIAL_POISSON, "relative", 3, 0.1),
            (SEQUENTIAL_POISSON, "relative", 6, 0.05),
        ]
    ]
    table = pd.DataFrame(rows)
    assert gain_metrics(table)["designs_compared_at_unique_texts"] == 3
    without = table[table["draws"] != WITH_REPLACEMENT]
    assert gain_metrics(without) == {"designs_compared_at_unique_texts": None}


def test_a_row_is_the_root_mean_square_of_its_runs() -> None:
    """Absolute errors .3 and .4, relative .6 and .8."""
    row = comparison_row(DESIGNS[0], 30, 120, np.array([[0.3, 0.6], [0.4, 0.8]]))
    assert row["absolute_error"] == pytest.approx(np.sqrt(0.125))
    assert row["relative_error"] == pytest.approx(np.sqrt(0.5))
    assert (row["d"], row["share"]) == (30, 0.25)
