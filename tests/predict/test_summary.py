"""Metrics of predictions: the first split, with and without extreme models."""

import pandas as pd

from modelmap.plumbing.tables import empty_table
from modelmap.predict.summary import first_split_correlations, first_split_means, without_extremes
from modelmap.predict.tables import PREDICTIONS

ROWS = pd.DataFrame(
    {
        "target": "t",
        "model": list("abcd"),
        "fold": 0,
        "truth": [1.0, 2.0, 1000.0, 3.0],
        "prediction": [3.0, 1.0, 1000.0, 2.0],
    }
)


def test_one_extreme_model_can_decide_the_correlation() -> None:
    """By hand: 3, 1, 2 for 1, 2, 3 correlates -0.5, and a far model on the line hides it."""
    twice = pd.concat([ROWS, ROWS.assign(target="u")], ignore_index=True)
    assert without_extremes(twice)["model"].tolist() == ["a", "b", "d"] * 2
    assert first_split_means(twice) == {
        "mean_pearson_first_split": 1.0,
        "mean_pearson_first_split_without_extremes": -0.5,
    }


def test_a_target_has_both_correlations_of_its_first_split() -> None:
    """By ranks 3, 1, 4, 2 for 1, 2, 4, 3 the correlation is 1 - 6 * 6 / 60 = 0.4."""
    found = first_split_correlations(ROWS)
    assert found == {"first_split_pearson": 1.0, "first_split_spearman": 0.4}


def test_constant_predictions_and_no_targets_have_no_correlation() -> None:
    """It is None in the metrics, which hold no NaN."""
    constant = first_split_correlations(ROWS.assign(prediction=1.0))
    nothing = first_split_means(empty_table(PREDICTIONS))
    assert {*constant.values(), *nothing.values()} == {None}
