"""Simulated against estimated divergences: intervals and tables by hand."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from modelmap.models.spec import ModelSpec
from modelmap.plumbing.tables import check_table
from modelmap.studies.kl_truth.comparison import (
    Simulated,
    by_range,
    by_relation,
    holds_up_to,
    mean_error,
    rank_correlation,
    relation,
    spread_by_length,
    truth_table,
    with_ratios,
    within_factor,
)
from modelmap.studies.kl_truth.tables import KL_TRUTH


def spec(name: str, family: str, kind: str = "base", parent: str | None = None) -> ModelSpec:
    """Return a model of the zoo."""
    return ModelSpec(
        name=name, source="zoo", location=name, family=family, kind=kind, parent=parent
    )


BASE, TUNED = spec("a", "a"), spec("a-code", "a", "finetune", "a")
COPY, OTHER = spec("a-int4", "a", "quantised", "a"), spec("b", "b")


def pairs(estimates: list[float], truths: list[float], **others: Any) -> pd.DataFrame:
    """Return a table of pairs of families whose other sums equal the truth."""
    names = ("truth", "low", "high", "a_to_b", "b_to_a", "own_variance", "like_length", "on_texts")
    table = pd.DataFrame(
        {
            "model_a": [f"m{i}" for i in range(len(truths))],
            "model_b": "z",
            "tokenizer": "t",
            "n_texts": 48,
            "kind_a": "base",
            "kind_b": "base",
            "relation": "between families",
            "estimate_bits_per_byte": estimates,
            **{f"{name}_bits_per_byte": truths for name in (*names, "half_squares")},
        }
    )
    return check_table(table.assign(**others), KL_TRUTH, "kl_truth")


def test_the_error_is_that_of_successive_differences_by_hand() -> None:
    """1, 2, 4, 4: squares 1, 4 and 0 over 2 n (n - 1) = 24."""
    assert mean_error(np.array([1.0, 2.0, 4.0, 4.0])) == pytest.approx((5 / 24) ** 0.5, rel=1e-12)


def test_the_error_of_noise_is_the_plain_one_and_a_trend_adds_nothing() -> None:
    """Of 20,000 draws with deviation 3, alone or on a line from 0 to 1,000."""
    noise = np.random.default_rng(0).normal(0, 3, 20_000)
    plain = 3 / 20_000**0.5
    assert mean_error(noise) == pytest.approx(plain, rel=0.03)
    assert mean_error(noise + np.linspace(0, 1000, 20_000)) == pytest.approx(plain, rel=0.03)


@given(st.lists(st.integers(1, 900), min_size=1, max_size=60), st.integers(1, 80))
def test_lengths_taken_rise_and_all_are_taken_as_often(n_tokens: list[int], n: int) -> None:
    """Each text floor(n / N) times or once more; as many as there are texts are all of them."""
    places = spread_by_length(n_tokens, n)
    taken = np.asarray(n_tokens)[places]
    assert (np.diff(taken) >= 0).all()
    times = np.bincount(places, minlength=len(n_tokens))
    assert set(times) <= {n // len(n_tokens), n // len(n_tokens) + 1}
    assert sorted(spread_by_length(n_tokens, len(n_tokens))) == list(range(len(n_tokens)))


def test_lengths_taken_are_the_quantiles_by_hand() -> None:
    """Of 10, 20, ..., 80 in disorder the quantiles 1/8, 3/8, 5/8 and 7/8."""
    n_tokens = [80, 10, 30, 20, 70, 60, 40, 50]
    assert np.asarray(n_tokens)[spread_by_length(n_tokens, 4)].tolist() == [20, 40, 60, 80]


@pytest.mark.parametrize(
    ("one", "other", "named"),
    [
        (BASE, TUNED, "finetune"),
        (COPY, BASE, "quantised"),
        (COPY, TUNED, "within family"),
        (TUNED, OTHER, "between families"),
    ],
)
def test_relations_are_the_childs_kind_or_the_kin(
    one: ModelSpec, other: ModelSpec, named: str
) -> None:
    """Whichever of the two comes first."""
    assert relation(one, other) == relation(other, one) == named


def test_truth_and_interval_by_hand() -> None:
    """Means 2 and 4 nats, errors sqrt(5 / 12) and 0 of three texts, in units of two nats."""
    kl = np.zeros((2, 2, 3))
    kl[0, 1], kl[1, 0] = [2.0, 1.0, 3.0], [4.0, 4.0, 4.0]
    log_ratio = np.zeros((2, 2, 3))
    log_ratio[0, 1], log_ratio[1, 0] = [1.0, 2.0, 3.0], [0.0, 0.0, 6.0]
    on_texts = np.zeros((2, 2, 3))
    on_texts[0, 1], on_texts[1, 0] = 1.0, 2.0
    half_squares = np.full((2, 2, 3), 5.0)
    estimate = np.array([[0.0, 8.0], [8.0, 0.0]])
    simulated = Simulated(kl, log_ratio, on_texts, half_squares)
    row = truth_table([BASE, TUNED], simulated, estimate, 2.0).iloc[0]
    named = row[["model_a", "model_b", "kind_a", "kind_b", "relation"]].tolist()
    assert named == ["a", "a-code", "base", "finetune", "finetune"]
    # (2 - 1)^2 + (1 - 3)^2 = 5 over 2 n (n - 1) = 12; the mean of two directions halves it.
    reach = student.ppf(0.975, 2) * (5 / 12) ** 0.5 / 2
    wanted = {
        "estimate": 4.0,
        "truth": 1.5,
        "low": max(3 - reach, 0) / 2,
        "high": (3 + reach) / 2,
        "a_to_b": 1.0,
        "b_to_a": 2.0,
        # Variances 1 and 12, halved, their mean 13 / 4.
        "own_variance": 13 / 8,
        # Successive differences 1, 1 and 0, 6: squares 2 and 36 over 2 (n - 1) = 4, halved, mean.
        "like_length": 19 / 16,
        "on_texts": 0.75,
        "half_squares": 2.5,
    }
    for name, value in wanted.items():
        assert row[f"{name}_bits_per_byte"] == pytest.approx(value, rel=1e-12), name


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    """95% of 1,770 pairs whose sums rise with length and scatter by a fifth."""
    specs = [spec(f"m{i}", f"m{i}") for i in range(60)]
    noise = np.random.default_rng(0).standard_normal((60, 60, 24))
    kl = np.linspace(50, 150, 24) * (1 + 0.2 * noise)
    table = truth_table(specs, Simulated(kl, kl, kl, kl), np.ones((60, 60)), 1.0)
    low, high = table["low_bits_per_byte"], table["high_bits_per_byte"]
    assert len(table) == 1770
    assert 0.93 <= float(((low <= 100) & (high >= 100)).mean()) <= 0.97


def test_where_the_estimate_holds_by_hand() -> None:
    """Ratios .5 and .6 hold within 2; the third, .4, leaves two of three: below nine in ten."""
    table = with_ratios(pairs([4.0, 1.0, 2.0], [1.6, 0.5, 1.2]))
    ratio = "truth_over_estimate"
    assert within_factor(table, ratio, 2.0).tolist() == [False, True, True]
    assert holds_up_to(table, ratio, 2.0) == 2.0
    assert holds_up_to(table, ratio, 3.0) == 4.0
    assert holds_up_to(table, ratio, 1.1) is None
    assert holds_up_to(table, "truth_over_half_squares", 1.1) == 1.6


def test_ratios_too_large_are_not_within_the_factor_either() -> None:
    """A truth three times the estimate is as far as a third of it."""
    table = with_ratios(pairs([1.0, 1.0], [3.0, 1 / 3]))
    assert within_factor(table, "truth_over_estimate", 2.9).tolist() == [False, False]
    assert within_factor(table, "truth_over_estimate", 3.1).tolist() == [True, True]


def test_ranges_are_powers_of_ten_of_the_estimate() -> None:
    """0.2 and 0.5 together, 10 and 99 together, with the quartiles of their ratios."""
    ranges = by_range(with_ratios(pairs([0.2, 0.5, 10.0, 99.0], [0.2, 1.5, 10.0, 9.9])))
    assert [(r["from"], r["to"], r["n_pairs"]) for r in ranges] == [(0.1, 1.0, 2), (10, 100, 2)]
    assert ranges[0]["truth_over_estimate"] == {"q25": 1.5, "q50": 2.0, "q75": 2.5}
    assert ranges[1]["truth_over_half_squares"] == {"q25": 1.0, "q50": 1.0, "q75": 1.0}


def test_relations_are_told_in_order_with_unknown_ones_last() -> None:
    """The known order, then others by name, each with its own pairs."""
    kinds = ["distilled", "between families", "merge", "merge"]
    summary = by_relation(with_ratios(pairs([1.0] * 4, [1.0] * 4, relation=kinds)))
    assert list(summary) == ["merge", "between families", "distilled"]
    assert [one["n_pairs"] for one in summary.values() if isinstance(one, dict)] == [2, 1, 1]


def test_pairs_that_do_not_differ_have_no_ratio() -> None:
    """A copy with the same weights is left out of ratios, and of nothing else."""
    table = pairs([0.0, 1.0], [0.0, 2.0])
    assert with_ratios(table)["truth_over_estimate"].tolist() == [2.0]
    assert len(table) == 2


def test_rank_correlation_is_of_ranks_and_needs_three_pairs() -> None:
    """1 for any rising function of the truth."""
    table = pairs([1.0, 8.0, 27.0], [1.0, 2.0, 3.0])
    assert rank_correlation(table, "estimate_bits_per_byte") == 1.0
    assert rank_correlation(table.iloc[:2], "estimate_bits_per_byte") is None
