"""The tables and metrics of placing held-out models."""

import numpy as np
import pandas as pd
import pytest

from modelmap.studies.place_eval.summary import (
    error_columns,
    model_table,
    never_named,
    share,
    upper_end,
    verdict_table,
)


def test_an_error_is_the_root_of_the_mean_square_within_its_interval() -> None:
    """Squares 1 and 9 of two models: the root of 5, and ends at equal ratios from it."""
    models = pd.Series(["a", "b"])
    found = error_columns("error", pd.Series([1.0, 9.0]), models)
    assert found["error"] == pytest.approx(5**0.5)
    assert found["error"] ** 2 == pytest.approx(found["error_low"] * found["error_high"])


def test_models_are_the_units_of_a_mean_difference() -> None:
    """The same cases of a model repeated do not narrow its interval."""
    models, values = pd.Series(["a", "b", "c"]), pd.Series([1.0, 2.0, 3.0])
    once = upper_end(values, models)
    # 2 + 4.303 * 1 / sqrt(3), with the quantile of Student's t for two degrees of freedom.
    assert once == pytest.approx(2 + 4.302653 / 3**0.5, rel=1e-5)
    again = upper_end(pd.concat([values] * 9), pd.concat([models] * 9))
    assert again == pytest.approx(once)


def test_a_share_has_wilsons_interval_of_the_cases_that_count() -> None:
    """3 of 4, with two cases that are none: (.301, .954); no case gives no share."""
    found = share(pd.Series([1, 1, 0, np.nan, 1, np.nan]))
    assert found == pytest.approx((0.75, 0.3006, 0.9544), abs=1e-4)
    assert np.isnan(share(pd.Series([np.nan]))).all()


def test_verdicts_are_counted_by_their_confidence() -> None:
    """Two above .6, one of them right; one above .95; one without a verdict is not counted."""
    cases = pd.DataFrame(
        {
            "n_texts": 8,
            "confidence": [0.65, 0.69, 0.99, np.nan],
            "is_right": [1.0, 0.0, 1.0, np.nan],
        }
    )
    table = verdict_table(cases)
    assert table["confidence_above"].tolist() == [0.6, 0.95]
    assert table["n_cases"].tolist() == [2, 1]
    assert table["right"].tolist() == [0.5, 1.0]
    assert table["mean_confidence"].tolist() == pytest.approx([0.67, 0.99])


def test_parents_that_are_never_named_are_listed() -> None:
    """At the largest size; a model without a parent is none of them."""
    cases = pd.DataFrame(
        [(4, "a", 0.0), (8, "a", 1.0), (8, "b", 0.0), (8, "b", 0.0), (8, "c", np.nan)],
        columns=["n_texts", "model", "parent"],
    )
    assert never_named(cases) == ["b"]


def test_each_model_has_its_errors_over_the_samples() -> None:
    """Squares .04 and .16 of one model: the root of .1; a model without a verdict has none."""
    values = {
        "held_out": "model",
        "n_texts": 8,
        "plain_square": 1.0,
        "coverage": 0.5,
        "nearest": [True, False, True],
        "nearest_or_tied": True,
        "parent": [1.0, 1.0, np.nan],
        "is_right": [1.0, 0.0, np.nan],
        "confidence": [0.9, 0.7, np.nan],
    }
    cases = pd.DataFrame({"model": ["a", "a", "b"], "square": [0.04, 0.16, 0.0], **values})
    first, second = model_table(cases).to_dict("records")
    assert (first["n_samples"], first["nearest"], first["right"]) == (2, 0.5, 0.5)
    assert first["error"] == pytest.approx(0.1**0.5)
    assert first["mean_confidence"] == pytest.approx(0.8)
    assert (second["n_samples"], second["nearest"]) == (1, 1.0)
    assert np.isnan([second["parent"], second["right"], second["mean_confidence"]]).all()
