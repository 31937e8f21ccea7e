"""Score tables become one matrix, and code lengths by category."""

import math

import numpy as np
import pandas as pd
import pytest

from modelmap.matrix.assemble import assembled, category_bits
from modelmap.matrix.tables import CATEGORY_BITS
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.tables import check_table


def scores(values: dict[int, float]) -> pd.DataFrame:
    """Return a score table of log-likelihoods by text id."""
    return pd.DataFrame({"text_id": list(values), "loglik_nats": list(values.values())})


def test_rows_are_models_and_columns_texts_in_the_orders_given() -> None:
    """Scores are matched by text id, whatever order their file has them in."""
    made = assembled(
        {"b": scores({2: -3.0, 0: -1.0, 1: -2.0}), "a": scores({0: -4.0, 1: -5.0, 2: -6.0})},
        [0, 1, 2],
    )
    assert made.tolist() == [[-1.0, -2.0, -3.0], [-4.0, -5.0, -6.0]]
    assert made.dtype == np.float64


def test_scores_of_other_texts_are_left_out() -> None:
    """Only the texts asked for are columns."""
    assert assembled({"a": scores({0: -1.0, 7: -9.0, 1: -2.0})}, [1, 0]).tolist() == [[-2.0, -1.0]]


def test_every_model_and_text_that_misses_or_is_not_finite_is_named() -> None:
    """All models with a bad score are told, each with its texts; right ones are not."""
    with pytest.raises(UserError) as caught:
        assembled(
            {
                "whole": scores({3: -1.0, 4: -2.0, 5: -3.0}),
                "short": scores({3: -1.0, 5: -3.0}),
                "nan": scores({3: math.nan, 4: -2.0, 5: -math.inf}),
                "none": scores({}),
            },
            [3, 4, 5],
        )
    told = str(caught.value)
    assert "short on text 4, nan on text 3, 5, none on text 3, 4, 5;" in told
    assert "whole" not in told
    assert "\n" not in told


def test_many_missing_texts_are_counted() -> None:
    """Three texts of a model are named, the others counted."""
    whole = scores(dict.fromkeys(range(10), -1.0))
    with pytest.raises(UserError, match="a on text 1, 2, 3 and 6 more;"):
        assembled({"a": scores({0: -1.0}), "b": whole}, range(10))


def test_bits_per_byte_of_a_category_by_hand() -> None:
    """All nats of a category over all its bytes and ln 2: long texts weigh more than short ones."""
    ln2 = 0.6931471805599453
    matrix = np.array([[-10 * ln2, -30 * ln2, -4 * ln2], [-20 * ln2, -20 * ln2, -1 * ln2]])
    category = pd.Series(["news", "news", "code"])
    made = category_bits(matrix, ["a", "b"], category, pd.Series([10, 70, 2]))
    rows = list(made.itertuples(index=False, name=None))
    assert [row[:3] for row in rows] == [
        ("a", "news", 2),
        ("b", "news", 2),
        ("a", "code", 1),
        ("b", "code", 1),
    ]
    assert [row[3] for row in rows] == pytest.approx([0.5, 0.5, 2.0, 0.5], rel=1e-12)
    check_table(made, CATEGORY_BITS, "category_bits")


def test_the_categories_bits_weighted_by_bytes_are_the_whole() -> None:
    """Each text counts once, in one category."""
    rng = np.random.default_rng(1)
    matrix = -rng.gamma(2, 200, (3, 40))
    n_bytes = pd.Series(rng.integers(257, 1025, 40))
    category = pd.Series(rng.choice(["a", "b", "c"], 40))
    made = category_bits(matrix, ["x", "y", "z"], category, n_bytes)
    size = {name: float(n_bytes[category == name].sum()) for name in "abc"}
    made["bits"] = made["bits_per_byte"] * made["category"].map(size)
    totals = made.groupby("model")["bits"].sum().to_numpy()
    np.testing.assert_allclose(totals * math.log(2), -matrix.sum(axis=1), rtol=1e-12)
    assert made.groupby("model")["n_texts"].sum().tolist() == [40, 40, 40]
