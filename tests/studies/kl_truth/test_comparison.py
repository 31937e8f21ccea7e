"""Simulated divergences of pairs: errors, directions and the table by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.studies.kl_truth.comparison import (
    mean_error,
    pair_table,
    rate,
    relation,
    spread_by_length,
    two_directions,
    with_estimates,
)
from modelmap.studies.kl_truth.drawn import Drawn

LN2 = float(np.log(2))


def spec(name: str, family: str, kind: str = "base", parent: str | None = None) -> ModelSpec:
    """Return a model of the zoo."""
    return ModelSpec(
        name=name, source="zoo", location=name, family=family, kind=kind, parent=parent
    )


BASE, TUNED = spec("a", "a"), spec("a-code", "a", "finetune", "a")
COPY, OTHER = spec("a-int4", "a", "quantised", "a"), spec("b", "b")


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


def test_a_rate_is_a_ratio_of_means_with_the_error_of_its_residuals() -> None:
    """6 nats over 12 bytes: residuals -1, 1, 0, whose squared differences 4 and 1 are over 12."""
    value, error = rate(np.array([0.0, 3.0, 3.0]), np.array([2.0, 4.0, 6.0]))
    assert value == pytest.approx(0.5 / LN2, rel=1e-12)
    assert error == pytest.approx((5 / 12) ** 0.5 / (4 * LN2), rel=1e-12)


def test_sums_in_proportion_to_bytes_have_no_error() -> None:
    """Whatever the lengths of the texts are."""
    n_bytes = np.array([100.0, 700.0, 300.0])
    assert rate(0.2 * LN2 * n_bytes, n_bytes) == pytest.approx((0.2, 0.0), abs=1e-12)


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    """Two standard errors: 93% to 97% of 2,000 rates whose sums grow with bytes and scatter."""
    rng = np.random.default_rng(0)
    n_bytes = np.linspace(300, 1000, 48)
    sums = 0.3 * LN2 * n_bytes * (1 + 0.2 * rng.standard_normal((2000, 48)))
    found = np.array([rate(row, n_bytes) for row in sums])
    inside = np.abs(found[:, 0] - 0.3) <= 2 * found[:, 1]
    assert 0.93 <= float(inside.mean()) <= 0.97


def drawn(n_models: int, sums: float, n_bytes: float, steps: float = 0.0) -> Drawn:
    """Return texts that all have `sums` nats for every model, with `steps` from text to text."""
    values = sums + steps * np.tile([0.0, 1.0], (n_models, 2))
    return Drawn(np.full(4, n_bytes), values, 2 * values, 3 * values)


def test_both_directions_are_divided_by_their_own_bytes() -> None:
    """2 nats over 10 bytes and 12 over 20: .2 and .6 over ln 2, and their mean .4."""
    found = two_directions(drawn(2, 2.0, 10.0), drawn(2, 10.0, 20.0, 4.0), 0, 1, "token_kl")
    assert found["a_to_b_bits_per_byte"] == pytest.approx(0.2 / LN2)
    assert found["b_to_a_bits_per_byte"] == pytest.approx(0.6 / LN2)
    assert found["bits_per_byte"] == pytest.approx(0.4 / LN2)
    # Three differences of 4: 48 over 2 n (n - 1) = 24.
    assert found["se_b_to_a_bits_per_byte"] == pytest.approx(2**0.5 / (20 * LN2))
    assert found["se_a_to_b_bits_per_byte"] == 0
    assert found["se_bits_per_byte"] == pytest.approx(2**0.5 / (40 * LN2))


def test_the_table_has_each_pair_once_with_its_own_sums() -> None:
    """Sums of model j on texts of model i are i + 10 j; each column takes the kind it names."""
    specs = [BASE, TUNED, OTHER]
    tokenizers = {"a": "t", "a-code": "t", "b": "u"}
    texts = []
    for i in range(3):
        sums = np.add.outer(i + 10.0 * np.arange(3), np.zeros(4))
        kl = np.where((np.arange(3) == 2)[:, None] == (i == 2), sums, np.nan)
        texts.append(Drawn(np.full(4, 1 / LN2), kl, 2 * sums, 3 * sums))
    table = pair_table(specs, tokenizers, texts)
    assert table[["model_a", "model_b"]].to_numpy().tolist() == [
        ["a", "a-code"], ["a", "b"], ["a-code", "b"],
    ]  # fmt: skip
    assert table["one_tokenizer"].tolist() == [True, False, False]
    assert table["relation"].tolist() == ["finetune", "between families", "between families"]
    truths = table["truth_bits_per_byte"]
    assert truths.isna().tolist() == [False, True, True]
    # a to a-code: 0 + 10, and back: 1 + 0.
    assert truths[0] == pytest.approx(5.5)
    assert table["string_truth_bits_per_byte"].tolist() == pytest.approx([11.0, 22.0, 33.0])
    assert table["drawn_mixture_bits_per_byte"].tolist() == pytest.approx([16.5, 33.0, 49.5])


def kl_table() -> pd.DataFrame:
    """Return both estimates of two pairs."""
    return pd.DataFrame(
        {
            "model_a": ["a", "a"],
            "model_b": ["a-code", "b"],
            "kl_bits_per_byte": [1.0, 2.0],
            "kl_papers_bits_per_byte": [3.0, 4.0],
            "warning": ["", "drift"],
        }
    )


def test_estimates_are_joined_whichever_model_comes_first() -> None:
    """And the warning becomes true or false."""
    pairs = pd.DataFrame({"model_a": ["b", "a"], "model_b": ["a", "a-code"]})
    joined = with_estimates(pairs, kl_table())
    assert joined["kl_bits_per_byte"].tolist() == [2.0, 1.0]
    assert joined["kl_papers_bits_per_byte"].tolist() == [4.0, 3.0]
    assert joined["warning"].tolist() == [True, False]


def test_pairs_without_an_estimate_are_named() -> None:
    """All of them, with what to do."""
    pairs = pd.DataFrame({"model_a": ["a", "a", "x"], "model_b": ["b", "c", "y"]})
    with pytest.raises(UserError, match=r"no KL of a and c, x and y: run `dvc repro`$"):
        with_estimates(pairs, kl_table())
