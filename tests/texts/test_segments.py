"""Segments of a text."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelmap.texts.segments import segment_bounds, segments

# Surrogates cannot be encoded as UTF-8, and no text has them.
texts = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The map of 55 models.", ["The", " map", " of", " 55", " models", "."]),
        ("x = a_1 ", ["x", " =", " a", "_", "1 "]),
        ("\n\tif (y):", ["\n\tif", " (", "y", "):"]),
        ("abcdefghijklmnop", ["abcdefghijkl", "mnop"]),
        ("  \n", ["  \n"]),
        ("", [""]),
    ],
)
def test_segments_are_runs_with_the_whitespace_before_them(text: str, expected: list[str]) -> None:
    """Letters, digits, underscores and other characters are separate runs of at most 12."""
    assert segments(text) == expected


@given(texts)
def test_joined_segments_are_the_text(text: str) -> None:
    """No character is lost, and bounds are the bytes of the segments."""
    assert "".join(segments(text)) == text
    bounds = segment_bounds(text)
    raw = text.encode()
    parts = [raw[a:b].decode() for a, b in pairwise(bounds)]
    assert parts == segments(text)
