"""The random order of texts, by which some models are scored on few of them."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from modelmap.texts.random_order import first_in_random_order, permanent_random_numbers


def test_a_text_keeps_its_number_among_other_texts() -> None:
    """The permanent random number depends on the seed and the text's content alone."""
    few = permanent_random_numbers(["a", "b"], 42)
    more = permanent_random_numbers(["c", "b", "a"], 42)
    assert few.tolist() == [more[2], more[1]]
    assert permanent_random_numbers(["a"], 43)[0] != few[0]
    assert ((few > 0) & (few < 1)).all()


def table(texts: list[str]) -> pd.DataFrame:
    """Return these texts with ids 10, 11, ..."""
    return pd.DataFrame({"text_id": range(10, 10 + len(texts)), "text": texts})


def test_the_first_texts_have_the_smallest_numbers() -> None:
    """Their ids are in ascending order, whatever their numbers."""
    texts = table(list("abcdef"))
    numbers = permanent_random_numbers(list("abcdef"), 7).tolist()
    by_number = sorted(range(6), key=numbers.__getitem__)
    assert first_in_random_order(texts, 4, 7) == sorted(10 + row for row in by_number[:4])
    assert first_in_random_order(texts, 9, 7) == [10, 11, 12, 13, 14, 15]


@given(st.sets(st.text(min_size=1, max_size=4), min_size=3, max_size=20), st.integers(2, 10))
def test_more_texts_contain_the_fewer(texts: set[str], number: int) -> None:
    """A model that is given more texts keeps those that it was scored on."""
    frame = table(sorted(texts))
    few, more = (set(first_in_random_order(frame, n, 1)) for n in (number, number + 1))
    assert few <= more
    assert len(few) == min(number, len(texts))
