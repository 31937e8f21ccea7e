import numpy as np
import pytest
from helpers.matrices import made_up

from modelmap.divergence.kl import squared_distances
from modelmap.matrix.clip_centre import double_centred
from modelmap.resample.comparison import (
    DESIGNS,
    PIVOTAL,
    SIMPLE_RANDOM,
    WITH_REPLACEMENT,
    Design,
    comparison_row,
    design_sample,
    draws_for,
    gain_parts,
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


def test_a_row_is_the_root_mean_square_of_its_runs() -> None:
    """Absolute errors .3 and .4, relative .6 and .8."""
    row = comparison_row(DESIGNS[0], 30, 120, np.array([[0.3, 0.6], [0.4, 0.8]]))
    assert row["absolute_error"] == pytest.approx(np.sqrt(0.125))
    assert row["relative_error"] == pytest.approx(np.sqrt(0.5))
    assert (row["d"], row["share"]) == (30, 0.25)
