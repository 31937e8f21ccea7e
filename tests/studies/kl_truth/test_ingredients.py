"""Segments, forms and means taken out: by hand, and against the project's own estimate."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelmap.divergence.mixture import mixture_kl
from modelmap.plumbing.tables import check_table
from modelmap.score.segment_sums import segment_sums
from modelmap.studies.kl_truth.drawn import ScoredTokens
from modelmap.studies.kl_truth.ingredients import (
    FORMS,
    MEANS_OUT,
    SEGMENTS,
    TOKEN_ENDS,
    NaturalTexts,
    bounds_of,
    estimates,
    hellinger,
    ingredients_table,
    jensen_shannon,
    one_changed,
)
from modelmap.studies.kl_truth.tables import KL_INGREDIENTS
from modelmap.texts.segments import segment_bounds

LN2 = float(np.log(2))
TEXTS = ("ab cd\nef", "12 three four")


def natural() -> NaturalTexts:
    """Return two texts under three models, of which the last has single bytes as tokens."""
    rng = np.random.default_rng(0)
    ends = {"a": [[0, 2, 5, 8], [0, 2, 8, 13]]}
    ends["b"] = ends["a"]
    ends["c"] = [list(range(9)), list(range(14))]
    tokens = {
        name: [ScoredTokens(-rng.exponential(2, len(one) - 1), np.array(one)) for one in both]
        for name, both in ends.items()
    }
    return NaturalTexts(TEXTS, tokens, {"a": "t", "b": "t", "c": "u"})


def pairs() -> pd.DataFrame:
    """Return the three pairs, with truths of token sequences for the first alone."""
    nothing = [1.0, np.nan, np.nan]
    return pd.DataFrame(
        {
            "model_a": ["a", "a", "b"],
            "model_b": ["b", "c", "c"],
            "truth_bits_per_byte": nothing,
            "truth_se_bits_per_byte": [0.01, np.nan, np.nan],
            "string_truth_bits_per_byte": [1.0, 2.0, 3.0],
            "string_truth_se_bits_per_byte": [0.01, 0.02, 0.9],
            "kl_bits_per_byte": 1.0,
            "kl_papers_bits_per_byte": 1.0,
        }
    )


@pytest.mark.parametrize("name", FORMS)
def test_forms_are_half_squares_for_small_differences(name: str) -> None:
    """Of either sign, within a thousandth at .01."""
    delta = np.array([-0.01, 0.0, 0.01])
    np.testing.assert_allclose(FORMS[name](delta), delta**2 / 2, rtol=1e-3)


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_forms_are_divergences_of_two_coins(p: float, q: float) -> None:
    """Their means over the mixture: symmetrised KL, 4 Jensen-Shannon, 4 squared Hellinger."""
    first, second = np.array([p, 1 - p]), np.array([q, 1 - q])
    delta, mixture = np.log(first / second), (first + second) / 2

    def kl(one: np.ndarray, other: np.ndarray) -> float:
        return float((one * np.log(one / other)).sum())

    wanted = {
        "tanh": (kl(first, second) + kl(second, first)) / 2,
        "Jensen-Shannon": 2 * (kl(first, mixture) + kl(second, mixture)),
        "Hellinger": 4 * (1 - float(np.sqrt(first * second).sum())),
    }
    for name, value in wanted.items():
        assert float(mixture @ FORMS[name](delta)) == pytest.approx(value, rel=1e-6, abs=1e-12)


def test_bounded_forms_reach_their_limits_without_overflow() -> None:
    """4 ln 2 and 4, at differences of a thousand nats."""
    far = np.array([-1000.0, 1000.0])
    np.testing.assert_allclose(jensen_shannon(far), 4 * LN2)
    np.testing.assert_allclose(hellinger(far), 4.0)


@pytest.mark.parametrize("name", SEGMENTS)
@given(text=st.text(min_size=1))
def test_pieces_joined_are_the_text(name: str, text: str) -> None:
    """Of any characters."""
    assert "".join(SEGMENTS[name](text)) == text


@pytest.mark.parametrize(
    ("name", "pieces"),
    [
        ("2 characters", ["a ", "bc", "\nd"]),
        ("word", ["a", " bc", "\nd"]),
        ("two words", ["a bc", "\nd"]),
        ("line", ["a bc\n", "d"]),
    ],
)
def test_pieces_by_hand(name: str, pieces: list[str]) -> None:
    """Of two words and a line end."""
    assert SEGMENTS[name]("a bc\nd") == pieces


def test_token_ends_are_those_of_both_models() -> None:
    """Single tokens for two models of one tokenizer; the coarser ones here for others."""
    both = natural()
    assert bounds_of(both, TOKEN_ENDS, ["c", "c"])[0].tolist() == list(range(9))
    assert [one.tolist() for one in bounds_of(both, TOKEN_ENDS, ["a", "c"])] == [
        [0, 2, 5, 8], [0, 2, 8, 13],
    ]  # fmt: skip


def test_estimates_by_hand() -> None:
    """Token differences 1, 3 and 2 of one text of 4 bytes: their mean 2 taken out by half."""
    ends = np.array([0, 1, 2, 4])
    tokens = {
        "a": [ScoredTokens(np.array([-1.0, -1.0, -1.0]), ends)],
        "b": [ScoredTokens(np.array([-2.0, -4.0, -3.0]), ends)],
    }
    one = NaturalTexts(("abcd",), tokens, {"a": "t", "b": "t"})
    found = estimates(one, TOKEN_ENDS, pairs().iloc[:1]).iloc[0]
    assert found["half squares", 0.0] == pytest.approx((1 + 9 + 4) / 2 / (4 * LN2))
    assert found["half squares", 0.5] == pytest.approx((0 + 4 + 1) / 2 / (4 * LN2))
    assert found["half squares", 1.0] == pytest.approx((1 + 1 + 0) / 2 / (4 * LN2))
    wanted = sum(x * np.tanh(x / 2) for x in (1.0, 3.0, 2.0)) / (4 * LN2)
    assert found["tanh", 0.0] == pytest.approx(wanted)


def test_the_projects_estimate_is_one_of_them() -> None:
    """tanh over segments with nothing taken out, for pairs in any order."""
    both, chosen = natural(), pairs().iloc[::-1]
    bounds = [segment_bounds(text) for text in TEXTS]
    loglik = np.array(
        [
            np.concatenate(
                [segment_sums(t.logliks, t.ends, b) for t, b in zip(tokens, bounds, strict=True)]
            )
            for tokens in both.tokens.values()
        ]
    )
    n_bytes = np.concatenate([np.diff(one) for one in bounds])
    kl = mixture_kl(loglik, loglik, n_bytes)
    found = estimates(both, "segment", chosen)["tanh", 0.0]
    np.testing.assert_allclose(found, [kl[1, 2], kl[0, 2], kl[0, 1]], rtol=1e-5)


def test_the_table_judges_each_combination_with_each_truth() -> None:
    """Truths of 30% error are left out, and whole texts less their own means, which are 0."""
    table = check_table(ingredients_table(natural(), pairs()), KL_INGREDIENTS, "kl_ingredients")
    n_combinations = (len(SEGMENTS) + 1) * len(FORMS) * len(MEANS_OUT) - len(FORMS)
    for truth, n_pairs in (("token_sequences", 1), ("strings", 2)):
        rows = table[table["truth"] == truth]
        assert len(rows) == n_combinations
        assert set(rows["n_pairs"]) == {n_pairs}
    changed = one_changed(table[table["truth"] == "strings"])
    assert len(changed) == len(SEGMENTS) + len(FORMS) - 1 + len(MEANS_OUT) - 1 + 1
    assert all(row["rank_correlation"] is None for row in changed)
