"""Bits per byte of a new model."""

import numpy as np
import pandas as pd
import pytest

from modelmap.placing.bits import bits_table

LN2 = np.log(2)


def test_all_texts_and_each_category_have_a_ratio_with_its_interval() -> None:
    """Ratios of sums of bits and bytes; one text of a category has no interval."""
    texts = pd.DataFrame({"category": ["a", "a", "b", "a", "a", "b"]})
    found = bits_table(-LN2 * np.array([10.0, 30.0, 40.0]), np.array([10, 10, 20]), texts)
    assert found["category"].tolist() == ["all", "a", "b"]
    assert found["n_texts"].tolist() == [3, 2, 1]
    assert found["bits_per_byte"].tolist() == pytest.approx([2, 2, 2])
    assert found["low_bits_per_byte"].isna().tolist() == [False, False, True]
    # Residuals -10 and 10 bits, of 10 bytes on average: a standard deviation of sqrt(2) bits per
    # byte; 2 of 4 texts; 12.706 is the quantile of Student's t for one degree of freedom.
    half = 12.7062 * 2**0.5 * (0.5 / 2) ** 0.5
    assert found["high_bits_per_byte"][1] == pytest.approx(2 + half, rel=1e-5)


def test_all_texts_of_a_category_leave_no_error() -> None:
    """The interval of a category whose every text is scored has no width."""
    texts = pd.DataFrame({"category": ["a", "a"]})
    found = bits_table(-LN2 * np.array([10.0, 30.0]), np.array([10, 10]), texts)
    assert (found["low_bits_per_byte"] == found["high_bits_per_byte"]).all()
