"""Simulated against estimated KL: what is drawn, and odd tables."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection

from modelmap.figures.inputs import Inputs
from modelmap.studies.figures.kl_truth import (
    ACROSS,
    ONE,
    REAL,
    caption,
    draw,
    log_limits,
    points,
    skip_reason,
)
from modelmap.studies.kl_truth.summary import by_group

COLUMNS = ["kl_bits_per_byte", "kl_papers_bits_per_byte", "truth_bits_per_byte"]


def made_up_pairs(n_pairs: int, seed: int = 0) -> pd.DataFrame:
    """Return pairs over six powers of ten, every second one across tokenizers."""
    rng = np.random.default_rng(seed)
    truth = 10 ** rng.uniform(-5, 1, n_pairs)
    one = np.arange(n_pairs) % 2 == 0
    return pd.DataFrame(
        {
            "model_a": [f"m{i}" for i in range(n_pairs)],
            "model_b": "z",
            "kind_a": "base",
            "kind_b": "base",
            "relation": "between families",
            "one_tokenizer": one,
            "truth_bits_per_byte": np.where(one, truth, np.nan),
            "truth_se_bits_per_byte": np.where(one, truth / 50, np.nan),
            "string_truth_bits_per_byte": truth * 0.9,
            "string_truth_se_bits_per_byte": truth / 50,
            "kl_bits_per_byte": truth * rng.uniform(0.8, 1.2, n_pairs),
            "kl_papers_bits_per_byte": truth * rng.uniform(5, 20, n_pairs),
        }
    )


def inputs_of(table: pd.DataFrame, n_real: int = 2) -> Inputs:
    """Return a table with pairs of pretrained models, and the metrics that the study gives."""
    metrics = {
        "n_texts_drawn_per_model": 48,
        "truth_over_estimate": by_group(table, (2.0,)),
    }
    real = made_up_pairs(2 * n_real)[::2]
    contents = {"kl_truth.csv": table, "kl_pretrained.csv": real, "kl_truth.json": metrics}
    return Inputs(contents.__getitem__, tuple(contents))


@pytest.mark.parametrize(("n_pairs", "n_real"), [(1, 0), (6, 2), (1500, 8)])
def test_every_pair_is_a_point_of_both_panels(n_pairs: int, n_real: int) -> None:
    """Inside equal axes, with one line of equal KLs each, from one pair to thousands."""
    figure = draw(inputs_of(made_up_pairs(n_pairs), n_real))
    assert len(figure.axes) == 2
    assert figure.axes[0].axis() == figure.axes[1].axis()
    for axes in figure.axes:
        drawn = [one for one in axes.collections if isinstance(one, PathCollection)]
        found = np.concatenate([np.asarray(one.get_offsets()) for one in drawn])
        assert len(found) == n_pairs + n_real
        inside = axes.transAxes.inverted().transform(axes.transData.transform(found))
        assert ((inside >= 0) & (inside <= 1)).all()
        assert np.array_equal(axes.lines[0].get_xdata(), axes.lines[0].get_ydata())


def test_the_papers_estimate_is_on_the_left() -> None:
    """And the mixture estimate on the right."""
    table = made_up_pairs(2)
    inputs = inputs_of(table, 0)
    for axes, column in zip(draw(inputs).axes, reversed(COLUMNS[:2]), strict=True):
        drawn = [one for one in axes.collections if isinstance(one, PathCollection)]
        assert np.asarray(drawn[0].get_offsets())[0, 0] == table[column][0]


def test_pairs_across_tokenizers_have_the_truth_of_strings() -> None:
    """And pairs of one tokenizer that of token sequences."""
    table = made_up_pairs(2)
    found = points(inputs_of(table, 1))
    assert found["group"].tolist() == [ONE, ACROSS, REAL]
    assert found["truth_bits_per_byte"].tolist()[:2] == [
        table["truth_bits_per_byte"][0],
        table["string_truth_bits_per_byte"][1],
    ]


def test_pairs_of_one_place_have_axes_of_some_width() -> None:
    """Equal estimates give limits around them."""
    assert log_limits(np.array([2.0, 2.0])) == pytest.approx((2 / 1.4, 2.8))


def test_pairs_without_a_difference_are_not_drawn() -> None:
    """Zero has no logarithm; where there is nothing else the figure is skipped."""
    table = made_up_pairs(3)
    table.loc[0, "kl_bits_per_byte"] = 0.0
    assert skip_reason(inputs_of(table, 0)) is None
    assert len(points(inputs_of(table, 0))) == 2
    assert skip_reason(inputs_of(table.iloc[:1], 0)) == "no two models differ"


def test_the_caption_states_the_ratios_of_the_metrics() -> None:
    """A truth of half the mixture estimate and a tenth of the papers'; strings .9 of that."""
    table = made_up_pairs(8)
    truth = table["string_truth_bits_per_byte"] / 0.9
    table = table.assign(kl_bits_per_byte=2 * truth, kl_papers_bits_per_byte=10 * truth)
    words = caption(inputs_of(table))
    assert "of 10 pairs" in words
    assert "48 texts are drawn" in words
    assert "For pairs of one tokenizer the simulated KL is in the median" in words
    assert "0.10 (0.10 to 0.10) times the papers' estimate" in words
    assert "0.50 (0.50 to 0.50) times the mixture estimate" in words
    assert "For pairs across tokenizers" in words
    assert "0.45 (0.45 to 0.45) times the mixture estimate" in words
