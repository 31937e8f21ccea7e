"""Signals of leaked texts, and how often they detect: by hand, and with properties."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelmap.divergence.kl import LN2
from modelmap.studies.leakage.detection import (
    detected,
    detection_summary,
    flagged_shares,
    measures,
    roc_area,
)
from modelmap.studies.leakage.signals import SIGNALS, Known, own_statistics, signals, text_gains
from modelmap.studies.leakage.split import like_texts, split_texts

FIRST, N_BYTES = np.array([0, 2]), np.array([2, 2, 4])
NEAR = np.array([-2, -2, -4], dtype=np.float32)


def known() -> Known:
    """Return two models on two texts of two segments and of one."""
    return Known(["near", "far"], np.stack([NEAR, NEAR - 9]), FIRST, N_BYTES)


def test_signals_by_hand() -> None:
    """One nat better on the first text, by half a nat in each segment, and equal on the other."""
    new = NEAR + np.array([0.5, 0.5, 0], dtype=np.float32)
    found = signals(new, known(), np.array([True, False]))
    kl = 2 * 0.5 * np.tanh(0.25) / (8 * LN2)
    gain = 1 / (8 * LN2)
    assert found["nearest"] == "near"
    assert found["kl_bits_per_byte"] == pytest.approx(kl)
    assert found["gain"] == pytest.approx(gain)
    assert found["gain_over_kl"] == pytest.approx(gain / kl)
    assert found["one_sided"] == pytest.approx(2 * np.tanh(0.25) / 3)
    # Gains of 1 / (4 ln 2) and 0 bits per byte.
    assert found["known_texts"] == pytest.approx(0.25 / LN2)
    assert found["uneven_gain"] == pytest.approx(0.125 / LN2 / np.sqrt(kl))
    # Two texts with the excess 2 * .5 (1 - tanh .25) and 0: their mean is their standard error.
    assert found["gain_beyond_kl"] == pytest.approx(1)


def test_a_copy_of_a_known_model_gives_no_signal() -> None:
    """Its KL is 0, and so is what is divided by it."""
    found = signals(NEAR.copy(), known(), np.array([True, False]))
    assert found["nearest"] == "near"
    assert [found[name] for name in SIGNALS] == pytest.approx([0] * len(SIGNALS), abs=1e-9)


def test_segments_that_one_model_does_not_score_do_not_count() -> None:
    """The second text has no bytes left."""
    new = NEAR + np.array([1, np.nan, np.nan], dtype=np.float32)
    gains, n_bytes = text_gains(new, NEAR, FIRST, N_BYTES)
    np.testing.assert_allclose(n_bytes, [2, 0])
    np.testing.assert_allclose(gains, [1 / (2 * LN2), 0])


def test_detection_by_hand() -> None:
    """Of 20 honest models one may be above the limit, 19: three of four leaked ones are above."""
    honest = np.arange(1.0, 21)[None]
    leaked = np.array([[10.0, 19.5, 21, 30]])
    assert detected(leaked, honest, 0.05) == [0.75]
    assert roc_area(np.array([[2.0, 3]]), np.array([[1.0, 2]])) == pytest.approx([3.5 / 4])


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=30), st.integers(1, 9))
def test_no_more_honest_models_are_suspected_than_allowed(values: list[int], tenths: int) -> None:
    """Whatever the ties, and the area is a half for two equal groups."""
    honest = np.array([values], dtype=float)
    assert detected(honest, honest, tenths / 10)[0] <= tenths / 10 + 1e-12
    assert roc_area(honest, honest) == pytest.approx([0.5])


def table(shift: float) -> pd.DataFrame:
    """Return signals of six pairs of runs after 5 and 10 steps; leaked ones are `shift` higher."""
    rng = np.random.default_rng(0)
    rows = [
        {"family": family, "run": run, "arm": arm, "steps": steps}
        for family in "abc"
        for run in (1, 2)
        for arm in ("leaked", "honest")
        for steps in (5, 10)
    ]
    found = pd.DataFrame(rows)
    values = rng.uniform(0, 1, len(found)) + shift * (found["arm"] == "leaked")
    return found.assign(**dict.fromkeys(SIGNALS, values))


def test_honest_models_of_all_steps_make_the_limit_and_those_of_as_many_the_area() -> None:
    """Leaked models are above all honest ones of as many steps twice, above all only once."""
    rng = np.random.default_rng(1)
    values = rng.uniform(0, 1, (1, 6, 2, 3))
    values[:, :, 1, 2] += 9
    values[:, :, 0, 0] += 5
    values[:, :, 0, 1] += 20
    assert measures(values, 0, 0.05) == {"roc_area": [1], "detected": [0]}
    assert measures(values, 1, 0.05) == {"roc_area": [1], "detected": [1]}
    assert measures(values, 2, 0.05) == {"roc_area": [0], "detected": [0]}


def test_intervals_contain_the_value_and_repeat_with_the_same_generator() -> None:
    """Over pairs of runs."""
    one, same = (
        detection_summary(table(0.4), [5, 10], 0.1, 100, np.random.default_rng(3)) for _ in range(2)
    )
    assert one == same
    assert list(one) == list(SIGNALS)
    shuffled = detection_summary(
        table(0.4).sample(frac=1, random_state=1), [5, 10], 0.1, 100, np.random.default_rng(3)
    )
    assert shuffled == one
    for measure in one["one_sided"]["after_5_steps"].values():
        assert 0 <= measure["low"] <= measure["value"] <= measure["high"] <= 1


def test_models_above_the_quantile_are_flagged() -> None:
    """Of six leaked models after 5 steps three are above 2.92, the 95% quantile for 3 texts."""
    found = table(0).assign(gain_beyond_kl=0.0)
    leaked = (found["arm"] == "leaked") & (found["steps"] == 5)
    found.loc[leaked, "gain_beyond_kl"] = [2.9, 2.93, 9, -1, 5, 0]
    shares = flagged_shares(found, 3, 200, np.random.default_rng(0))
    first = shares["leaked"]["after_5_steps"]
    assert first["value"] == 0.5
    assert 0 <= first["low"] < 0.5 < first["high"] <= 1
    assert shares["leaked"]["after_10_steps"] == {"value": 0, "low": 0, "high": 0}
    assert shares["honest"]["after_5_steps"]["value"] == 0


def test_own_models_are_compared_with_the_nearest_other() -> None:
    """The better of two near models gains what the worse one loses; the far one is far below."""
    better = NEAR + np.array([0.5, 0.25, 0.125], dtype=np.float32)
    models = Known(["a", "b", "c"], np.stack([NEAR, better, NEAR - 9]), FIRST, N_BYTES)
    found = own_statistics(models)
    assert found[0] < 0 < found[1]
    assert found[2] < found[0]


def test_honest_texts_have_the_categories_of_the_leaked_ones() -> None:
    """None twice; a category with too few texts gives all it has."""
    pool = pd.DataFrame({"category": list("aaabc"), "text": ["a1", "a2", "a3", "b1", "c1"]})
    found = like_texts(pool, ["a", "b", "b", "a"], np.random.default_rng(0))
    assert len(found) == len(set(found)) == 3
    assert sorted(text[0] for text in found) == ["a", "a", "b"]


def test_no_document_is_on_both_sides_and_a_share_of_one_leaks() -> None:
    """Forty texts in twenty documents: half of the twenty texts of one side leak."""
    texts = pd.DataFrame(
        {
            "document_id": [f"d{i // 2}" for i in range(40)],
            "category": ["ab"[i % 2] for i in range(40)],
            "text": [f"text {i}" for i in range(40)],
        }
    )
    found = split_texts(texts, 0.5, np.random.default_rng(0))
    assert (len(found.side), len(found.leaked), found.is_leaked.sum()) == (20, 10, 10)
    document = texts.set_index("text")["document_id"]
    assert not set(document[found.honest]) & set(found.side["document_id"])
    category = texts.set_index("text")["category"]
    assert sorted(category[found.honest]) == sorted(category[found.leaked])
