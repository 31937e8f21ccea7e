"""Log-likelihoods of segments from those of tokens."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelmap.score.segment_sums import segment_sums


def sums(tokens: list[float], ends: list[int], bounds: list[int]) -> list[float]:
    """Return the segments' log-likelihoods."""
    array = np.array(tokens, dtype=np.float32)
    found: list[float] = segment_sums(array, np.array(ends), np.array(bounds)).tolist()
    return found


def test_a_token_across_a_bound_is_divided_by_bytes() -> None:
    """Four bytes, three before the bound: three quarters of its log-likelihood."""
    assert sums([-1.0, -4.0, -2.0], [0, 2, 6, 8], [0, 5, 8]) == [-4.0, -3.0]


def test_the_first_token_is_not_scored() -> None:
    """Without BOS the first id is of the text, and its segment has only what follows."""
    assert sums([-1.0, -4.0], [2, 4, 8], [0, 4, 8]) == [-1.0, -4.0]


def test_a_token_across_several_bounds() -> None:
    """One token of six bytes over three segments of two."""
    assert sums([-6.0], [0, 6], [0, 2, 4, 6]) == [-2.0, -2.0, -2.0]


def test_tokens_of_one_character_are_together() -> None:
    """The first covers its bytes, the others none; a bound after it has them all before it."""
    assert sums([-1.0, -2.0, -4.0, -8.0], [0, 3, 3, 3, 4], [0, 3, 4]) == [-7.0, -8.0]


def test_tokens_without_bytes_at_the_ends_belong_to_the_outer_segments() -> None:
    """Special tokens before the text to the first segment, EOS to the last."""
    assert sums([-1.0, -2.0, -4.0, -8.0], [0, 0, 3, 6, 6], [0, 3, 6]) == [-3.0, -12.0]


@pytest.mark.parametrize("ends", [[], [0], [7]])
def test_nothing_scored_is_zero(ends: list[int]) -> None:
    """Of a text of one id or none nothing is scored."""
    assert sums([], ends, [0, 3, 7]) == [0.0, 0.0]


steps = st.lists(st.integers(0, 6), min_size=2, max_size=40)


@given(steps, st.lists(st.integers(1, 5), min_size=1, max_size=20), st.integers(0, 2**32 - 1))
def test_segments_add_up_to_the_tokens(token_bytes: list[int], sizes: list[int], seed: int) -> None:
    """Whatever the tokens cover, nothing is lost; each byte takes an equal share of its token."""
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    ends = np.minimum(np.cumsum(token_bytes), bounds[-1])
    tokens = -np.random.default_rng(seed).exponential(size=len(ends) - 1).astype(np.float32)
    found = segment_sums(tokens, ends, bounds)
    assert found.sum(dtype=np.float64) == pytest.approx(tokens.sum(dtype=np.float64), rel=1e-6)
    # An oracle: byte by byte, where every token has bytes and the tokens cover the text.
    if ends[-1] == bounds[-1] and (np.diff(ends) > 0).all():
        per_byte = np.zeros(bounds[-1])
        for start, end, value in zip(ends, ends[1:], tokens, strict=False):
            per_byte[start:end] = value / (end - start)
        expected = np.add.reduceat(per_byte, bounds[:-1])
        np.testing.assert_allclose(found, expected, atol=1e-5)
