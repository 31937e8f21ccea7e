"""Documents are cut at characters, by bytes, and nothing is lost."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelmap.corpus.chunk import chunk_text, is_long_enough

# Characters of one, two, three and four bytes, so that cuts fall inside characters often.
mixed_texts = st.text(st.sampled_from("ab \né€東🚀") | st.characters(codec="utf-8"), max_size=80)


def n_bytes(text: str) -> int:
    """Return the length of a text in UTF-8."""
    return len(text.encode("utf-8"))


def greedy_pieces(text: str, max_bytes: int) -> list[str]:
    """Return the pieces that taking one character after another, while it fits, gives."""
    pieces = [""]
    for character in text:
        if n_bytes(pieces[-1] + character) > max_bytes:
            pieces.append("")
        pieces[-1] += character
    return [piece for piece in pieces if piece]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("abcd", ["abcd"]),
        ("abcde", ["abcd", "e"]),
        ("abé", ["abé"]),
        ("abcé", ["abc", "é"]),
        ("ééé", ["éé", "é"]),
        ("a€", ["a€"]),
        ("ab€c", ["ab", "€c"]),
        ("abc€", ["abc", "€"]),
        ("€€", ["€", "€"]),
        ("🚀", ["🚀"]),
        ("a🚀", ["a", "🚀"]),
        ("ab🚀c", ["ab", "🚀", "c"]),
        ("abc🚀", ["abc", "🚀"]),
        ("abcd🚀", ["abcd", "🚀"]),
        ("e\u0301e\u0301", ["e\u0301e", "\u0301"]),
    ],
)
def test_a_cut_inside_a_character_backs_off_to_its_first_byte(text: str, pieces: list[str]) -> None:
    """At four bytes, characters of two, three and four bytes move whole to the next piece."""
    assert chunk_text(text, 4) == pieces


@pytest.mark.parametrize(
    ("text", "sizes", "kept"),
    [
        ("x" * 256, [256], [False]),
        ("x" * 257, [257], [True]),
        ("x" * 1024, [1024], [True]),
        ("x" * 1025, [1024, 1], [True, False]),
        ("x" * 1280, [1024, 256], [True, False]),
        ("x" * 1281, [1024, 257], [True, True]),
        ("é" * 128, [256], [False]),
        ("é" * 128 + "x", [257], [True]),
        ("é" * 512, [1024], [True]),
        ("x" + "é" * 512, [1023, 2], [True, False]),
        ("xx" + "€" * 341, [1022, 3], [True, False]),
        ("x" + "🚀" * 256, [1021, 4], [True, False]),
    ],
)
def test_texts_at_the_limits_of_the_papers(text: str, sizes: list[int], kept: list[bool]) -> None:
    """At most 1,024 bytes each; kept with more than 256 bytes, so 256 go and 257 stay."""
    pieces = chunk_text(text, 1024)
    assert [n_bytes(piece) for piece in pieces] == sizes
    assert [is_long_enough(piece, 256) for piece in pieces] == kept


@settings(deadline=None)
@given(mixed_texts, st.integers(4, 40))
def test_pieces_join_to_the_text_and_none_could_have_taken_one_more_character(
    text: str, max_bytes: int
) -> None:
    """Nothing is lost or doubled, no piece is too long, and none is cut early."""
    pieces = chunk_text(text, max_bytes)
    assert "".join(pieces) == text
    assert all(0 < n_bytes(piece) <= max_bytes for piece in pieces)
    for piece, following in pairwise(pieces):
        assert n_bytes(piece + following[0]) > max_bytes


@settings(deadline=None)
@given(mixed_texts, st.integers(4, 40))
def test_pieces_are_those_of_taking_characters_one_by_one(text: str, max_bytes: int) -> None:
    """Cutting bytes and backing off gives what adding characters while they fit gives."""
    assert chunk_text(text, max_bytes) == greedy_pieces(text, max_bytes)


@pytest.mark.parametrize("max_bytes", [3, 1, 0, -1])
def test_a_limit_below_the_longest_character_is_refused(max_bytes: int) -> None:
    """Below four bytes a character might fit nowhere."""
    with pytest.raises(ValueError, match="at least 4"):
        chunk_text("a", max_bytes)
