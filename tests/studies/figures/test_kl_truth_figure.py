"""Simulated against estimated KL: what is drawn, and odd tables."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection

from modelmap.studies.figures.kl_truth import (
    caption,
    draw,
    log_limits,
    relations_in_order,
    shape_of,
    skip_reason,
)
from modelmap.studies.kl_truth.comparison import RELATIONS


def made_up_pairs(n_pairs: int, n_tokenizers: int = 2, seed: int = 0) -> pd.DataFrame:
    """Return pairs over six powers of ten whose truth falls short of the estimate."""
    rng = np.random.default_rng(seed)
    estimate = 10 ** rng.uniform(-5, 1, n_pairs)
    truth = estimate * rng.uniform(0.05, 0.9, n_pairs)
    number = np.arange(n_pairs)
    return pd.DataFrame(
        {
            "model_a": [f"m{i}" for i in number],
            "model_b": "z",
            "tokenizer": [f"bpe-{i % n_tokenizers}" for i in number],
            "n_texts": 48,
            "kind_a": "base",
            "kind_b": "base",
            "relation": [RELATIONS[i % len(RELATIONS)] for i in number],
            "estimate_bits_per_byte": estimate,
            "truth_bits_per_byte": truth,
            "low_bits_per_byte": truth * 0.9,
            "high_bits_per_byte": truth * 1.1,
            "a_to_b_bits_per_byte": truth,
            "b_to_a_bits_per_byte": truth,
            "own_variance_bits_per_byte": truth * rng.uniform(0.9, 9, n_pairs),
            "like_length_bits_per_byte": truth * rng.uniform(0.9, 2, n_pairs),
            "on_texts_bits_per_byte": truth,
            "half_squares_bits_per_byte": truth * rng.uniform(0.8, 1.2, n_pairs),
        }
    )


@pytest.mark.parametrize(("n_pairs", "n_tokenizers"), [(1, 1), (6, 2), (700, 2), (5000, 6)])
def test_every_pair_is_a_point_of_each_panel(n_pairs: int, n_tokenizers: int) -> None:
    """Inside the axes, whose upper panel has one line of equal KLs, from one pair to thousands."""
    table = made_up_pairs(n_pairs, n_tokenizers)
    figure = draw(table)
    assert len(figure.axes) == 5
    for axes in figure.axes:
        drawn = [one for one in axes.collections if isinstance(one, PathCollection)]
        points = np.concatenate([np.asarray(one.get_offsets()) for one in drawn])
        assert len(points) == n_pairs
        inside = axes.transAxes.inverted().transform(axes.transData.transform(points))
        assert ((inside >= 0) & (inside <= 1)).all()
    line = figure.axes[0].lines[0]
    assert np.array_equal(line.get_xdata(), line.get_ydata())


def test_pairs_of_one_place_have_axes_of_some_width() -> None:
    """Equal estimates give limits around them."""
    assert log_limits(np.array([2.0, 2.0])) == pytest.approx((2 / 1.4, 2.8))


def test_pairs_without_a_difference_are_not_drawn() -> None:
    """Zero has no logarithm; where there is nothing else the figure is skipped."""
    table = made_up_pairs(3)
    table.loc[0, "estimate_bits_per_byte"] = 0.0
    assert skip_reason(table) is None
    draw(table)
    assert skip_reason(table.iloc[:1]) == "no two models of one tokenizer differ"


def test_relations_stand_in_order_and_unknown_ones_last() -> None:
    """Whatever order the table is in."""
    table = made_up_pairs(6).iloc[::-1].copy()
    table.loc[0, "relation"] = "distilled"
    assert relations_in_order(table) == [*RELATIONS[1:], "distilled"]


def test_tokenizers_beyond_the_markers_share_the_last() -> None:
    """Five tokenizers are more than there are shapes."""
    assert [shape_of(i) for i in range(6)] == ["o", "^", "s", "D", "D", "D"]


def test_the_caption_states_the_ratios_of_the_table() -> None:
    """Ratios .5 everywhere to the estimate, .25 to own variance, 1.25 to the token squares."""
    table = made_up_pairs(8)
    table["estimate_bits_per_byte"] = 2 * table["truth_bits_per_byte"]
    table["half_squares_bits_per_byte"] = table["truth_bits_per_byte"] / 1.25
    table["own_variance_bits_per_byte"] = 4 * table["truth_bits_per_byte"]
    told = caption(table)
    assert "8 pairs" in told
    assert "48 texts drawn" in told
    assert "estimated has median 0.50, 90% of the pairs 0.50 to 0.50" in told
    assert "themselves 0.25, 90% of the pairs 0.25 to 0.25" in told
    assert "project 1.25, 90% of the pairs 1.25 to 1.25" in told
