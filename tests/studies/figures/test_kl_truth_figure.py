"""Simulated against estimated KL: what is drawn, and odd tables."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection

from modelmap.figures.inputs import Inputs
from modelmap.studies.figures.kl_truth import (
    SHADES,
    caption,
    draw,
    log_limits,
    positive_pairs,
    shape_of,
    skip_reason,
)
from modelmap.studies.kl_truth.comparison import RELATIONS, by_relation, quantiles, with_ratios


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


def inputs_of(table: pd.DataFrame) -> Inputs:
    """Return a table with the metrics that the study gives of it."""
    pairs = with_ratios(table)
    metrics = {
        "n_texts_drawn_per_model": 48,
        "all_pairs": quantiles(pairs, (5, 25, 50, 75, 95)),
        "by_relation": by_relation(pairs),
    }
    contents = {"kl_truth.csv": table, "kl_truth.json": metrics}
    return Inputs(contents.__getitem__, tuple(contents))


@pytest.mark.parametrize(("n_pairs", "n_tokenizers"), [(1, 1), (6, 2), (700, 2), (5000, 6)])
def test_every_pair_is_a_point_of_each_panel(n_pairs: int, n_tokenizers: int) -> None:
    """Inside the axes, whose upper panel has one line of equal KLs, from one pair to thousands."""
    figure = draw(inputs_of(made_up_pairs(n_pairs, n_tokenizers)))
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
    assert skip_reason(inputs_of(table)) is None
    draw(inputs_of(table))
    assert len(positive_pairs(inputs_of(table))) == len(with_ratios(table)) == 2
    assert skip_reason(inputs_of(table.iloc[:1])) == "no two models of one tokenizer differ"


def test_relations_are_in_the_order_of_the_metrics() -> None:
    """The known ones first, then others, whatever order the table is in."""
    table = made_up_pairs(6).iloc[::-1].copy()
    table.loc[0, "relation"] = "distilled"
    names = [text.get_text() for text in draw(inputs_of(table)).legends[0].get_texts()]
    assert names == [*RELATIONS[1:], "distilled"]


def test_every_relation_of_the_study_has_a_colour() -> None:
    """Others have one colour together."""
    assert tuple(SHADES) == RELATIONS


def test_tokenizers_beyond_the_markers_share_the_last() -> None:
    """Five tokenizers are more than there are shapes."""
    assert [shape_of(i) for i in range(6)] == ["o", "^", "s", "D", "D", "D"]


def test_the_caption_states_the_ratios_of_the_metrics() -> None:
    """Ratios .5 everywhere to the estimate, .25 to own variance, 1.25 to the token squares."""
    table = made_up_pairs(8)
    table["estimate_bits_per_byte"] = 2 * table["truth_bits_per_byte"]
    table["half_squares_bits_per_byte"] = table["truth_bits_per_byte"] / 1.25
    table["own_variance_bits_per_byte"] = 4 * table["truth_bits_per_byte"]
    words = caption(inputs_of(table))
    assert "8 pairs" in words
    assert "48 texts are drawn" in words
    assert "estimated KL is 0.50, with 90% of the pairs from 0.50 to 0.50" in words
    assert "themselves 0.25, with 90% of the pairs from 0.25 to 0.25" in words
    assert "project 1.25, with 90% of the pairs from 1.25 to 1.25" in words
