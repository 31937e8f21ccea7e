"""How many texts each category gives, and which."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelmap.plumbing.errors import UserError
from modelmap.texts.sample import quotas, sample_texts
from modelmap.texts.settings import TextsSettings

weights = st.lists(st.integers(0, 1000), min_size=1, max_size=8).filter(any)


def pool(**sizes: int) -> pd.DataFrame:
    """Return a pool whose categories take turns, each with as many texts as given."""
    rows = [(i, name) for name, size in sizes.items() for i in range(size)]
    rows.sort()
    return pd.DataFrame(
        {
            "text": [f"{name}{i}" for i, name in rows],
            "category": [name for _, name in rows],
            "source": "here",
            "source_version": "",
            "source_path": "#1",
            "document_id": "d",
            "chunk_index": 0,
        }
    )


def sampled(table: pd.DataFrame, seed: int = 0, **keys: object) -> pd.DataFrame:
    """Return texts drawn with numpy's generator of `seed`."""
    sampling = TextsSettings.model_validate({"seed": 0, **keys})
    return sample_texts(table, sampling, np.random.default_rng(seed))


@settings(deadline=None)
@given(weights, st.integers(2, 20_000))
def test_quotas_sum_to_the_number_of_texts_and_round_each_share(
    parts: list[int], n_texts: int
) -> None:
    """No text is lost to rounding: each quota is its share, rounded down or up."""
    shares = {f"c{i}": part / sum(parts) for i, part in enumerate(parts)}
    made = quotas(shares, n_texts)
    assert sum(made.values()) == n_texts
    assert list(made) == list(shares)
    for name, count in made.items():
        assert abs(count - shares[name] * n_texts) < 1
        assert count == 0 or shares[name] > 0


@pytest.mark.parametrize(
    ("shares", "n_texts", "expected"),
    [
        ({"a": 0.5, "b": 0.3, "c": 0.2}, 7, {"a": 4, "b": 2, "c": 1}),
        ({"a": 0.2, "b": 0.3, "c": 0.5}, 8, {"a": 2, "b": 2, "c": 4}),
        ({"b": 0.5, "a": 0.5}, 3, {"b": 1, "a": 2}),
        ({"a": 0.29, "b": 0.71}, 100, {"a": 29, "b": 71}),
        ({"a": 1.0, "b": 0.0}, 2, {"a": 2, "b": 0}),
        ({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}, 2, {"a": 1, "b": 1, "c": 0}),
    ],
)
def test_quotas_by_hand(shares: dict[str, float], n_texts: int, expected: dict[str, int]) -> None:
    """The largest remainders are rounded up, the first names where remainders are equal."""
    assert quotas(shares, n_texts) == expected


@settings(deadline=None, max_examples=50)
@given(st.integers(2, 60), st.integers(0, 2**32 - 1))
def test_a_draw_has_each_quota_once_in_the_pools_order(n_texts: int, seed: int) -> None:
    """Texts are drawn without replacement, by category, and keep the order they stood in."""
    table = pool(a=40, b=40, c=40)
    drawn = sampled(table, seed, n_texts=n_texts, shares={"a": 0.5, "b": 0.25, "c": 0.25})
    assert drawn["text_id"].tolist() == list(range(n_texts))
    place = {text: i for i, text in enumerate(table["text"])}
    places = [place[text] for text in drawn["text"]]
    assert places == sorted(set(places))
    counts = {name: drawn["category"].tolist().count(name) for name in "abc"}
    assert sum(counts.values()) == n_texts
    assert abs(counts["a"] - n_texts / 2) < 1


def test_a_category_of_share_zero_gives_nothing_even_if_it_is_not_there() -> None:
    """Zero shares are as if they were not written."""
    with_zero = sampled(pool(a=9, b=9), n_texts=4, shares={"none": 0, "a": 1.0, "b": 0})
    assert set(with_zero["category"]) == {"a"}
    without = sampled(pool(a=9, b=9), n_texts=4, shares={"a": 1.0})
    pd.testing.assert_frame_equal(with_zero, without)


def test_every_category_with_too_few_texts_is_named() -> None:
    """One message tells all short categories, what they have and what was wanted."""
    shares = {"a": 0.25, "b": 0.25, "gone": 0.25, "d": 0.25}
    with pytest.raises(UserError) as caught:
        sampled(pool(a=1, b=5, d=2), n_texts=12, shares=shares)
    told = str(caught.value)
    assert "a has 1 of 3, gone has 0 of 3, d has 2 of 3;" in told
    assert "b has" not in told
    assert "texts.n_texts" in told


def test_too_few_texts_without_shares_are_told() -> None:
    """Without shares the whole pool is one category, drawn whole at most."""
    assert sampled(pool(a=2, b=1), n_texts=3)["text"].tolist() == ["a0", "b0", "a1"]
    with pytest.raises(UserError, match="all categories has 3 of 4"):
        sampled(pool(a=2, b=1), n_texts=4)


def test_all_keeps_every_text_in_the_files_order() -> None:
    """With "all" nothing is drawn: no seed and no share matters."""
    table = pool(b=3, a=2)
    for seed in (1, 2):
        drawn = sampled(table, seed, n_texts="all", shares={"b": 1.0})
        assert drawn["text"].tolist() == ["a0", "b0", "a1", "b1", "b2"]
        assert drawn["text_id"].tolist() == [0, 1, 2, 3, 4]


def test_the_first_texts_are_those_of_the_pool_whatever_the_seed() -> None:
    """In a corpus whose order is a draw already nothing is drawn again."""
    for seed in (1, 2):
        drawn = sampled(pool(b=3, a=2), seed, n_texts=3, draw="first")
        assert drawn["text"].tolist() == ["a0", "b0", "a1"]
    with pytest.raises(UserError, match=r"n_texts = 6 is more than the 5 texts of the corpus: l"):
        sampled(pool(b=3, a=2), n_texts=6, draw="first")


@pytest.mark.parametrize("keys", [{"n_texts": "all"}, {"n_texts": 2, "draw": "first"}])
@pytest.mark.parametrize("size", [0, 1])
def test_a_set_of_fewer_than_two_texts_is_refused(size: int, keys: dict[str, Any]) -> None:
    """No distance can be had from one text."""
    with pytest.raises(UserError, match=rf"{size} texts.* at least 2"):
        sampled(pool(a=2).head(size), **keys)


@pytest.mark.parametrize("shares", [None, {"a": 0.5, "b": 0.5}])
def test_the_same_generator_draws_the_same_texts(shares: dict[str, float] | None) -> None:
    """The draw depends on the generator, and on it alone."""
    table = pool(a=50, b=50)
    one, same, other = (
        sampled(table, seed, n_texts=10, shares=shares)["text"].tolist() for seed in (1, 1, 2)
    )
    assert one == same
    assert one != other


def test_every_text_can_be_drawn() -> None:
    """Over 200 draws of 2 in 8, each text comes 50 times, within four standard deviations."""
    table = pool(a=8)
    drawn = [text for seed in range(200) for text in sampled(table, seed, n_texts=2)["text"]]
    counts = np.array([drawn.count(text) for text in table["text"]])
    assert (abs(counts - 50) < 4 * np.sqrt(200 * 0.25 * 0.75)).all()


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"n_texts": 1}, "greater than or equal to 2"),
        ({"n_texts": "some"}, "'all'"),
        ({"n_texts": 5, "shares": {"a": 0.5, "b": 0.4}}, "sum to 1, not 0.9"),
        ({"n_texts": 5, "shares": {"a": 1.5, "b": -0.5}}, "less than or equal to 1"),
        ({"n_texts": 5, "shares": {"a": float("nan")}}, r"shares\.a"),
        ({"n_texts": 5, "share": {}}, "share"),
        ({"n_texts": 5, "draw": "last"}, "'random' or 'first'"),
    ],
)
def test_wrong_sampling_settings_are_refused(keys: dict[str, object], told: str) -> None:
    """Counts below two, shares that do not sum to one, and unknown keys are named."""
    with pytest.raises(ValueError, match=told):
        TextsSettings.model_validate({"seed": 0, **keys})


def test_shares_left_out_or_null_mean_the_whole_pool() -> None:
    """`shares: null` in YAML is no shares."""
    assert TextsSettings.model_validate({"n_texts": 2, "seed": 0, "shares": None}).shares == {}


@pytest.mark.parametrize(
    ("n_texts", "shares", "expected"),
    [(10, {"a": 1.0}, True), (10, {}, False), ("all", {"a": 1.0}, False)],
)
def test_categories_have_fixed_numbers_of_texts_only_where_shares_are_drawn(
    n_texts: int | str, shares: dict[str, float], expected: bool
) -> None:
    """Not without shares, and not where all texts are kept."""
    drawn = TextsSettings.model_validate({"n_texts": n_texts, "seed": 1, "shares": shares})
    assert drawn.by_category is expected
