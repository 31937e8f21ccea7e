"""Words of others are never markup."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from modelmap.review.markdown import code, table

PARSER = MarkdownIt("commonmark", {"html": True}).enable("table")
HOSTILE = [
    "a|b",
    "`x` <img src=x>",
    "@someone",
    "[a](http://b)",
    "**bold**",
    "two\nlines",
    "\\",
    "\\|",
    "# head",
    "\u202eabc",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_are_one_code_span_of_one_cell(words: str) -> None:
    """No cell, link, mention, HTML or line comes out of a name."""
    assert kinds(words) == {"code_inline"}


@given(st.text(max_size=120))
def test_any_words_are_one_code_span_or_nothing(words: str) -> None:
    """Whatever a name holds, the table keeps its two cells."""
    assert kinds(words) <= {"code_inline"}


def kinds(words: str) -> set[str]:
    """Return the kinds of inline content of a table's one cell beside `x`."""
    tokens = PARSER.parse(table(["model", "x"], [(code(words), "x")], 5))
    cells = [tokens[i + 1] for i, token in enumerate(tokens) if token.type == "td_open"]
    assert len(cells) == 2
    assert cells[1].content == "x"
    return {child.type for child in cells[0].children or []}


def test_long_tables_are_cut_and_counted() -> None:
    """Two rows of five are shown, and three more are told."""
    text = table(["n"], [(str(i),) for i in range(5)], 2)
    assert text == "| n |\n| --- |\n| 0 |\n| 1 |\n\nand 3 more\n"


def test_long_words_are_cut_inside() -> None:
    """The beginning and the end are left."""
    text = code("a" * 100 + "b" * 100)
    assert len(text) == 82
    assert text.startswith("`aaa")
    assert text.endswith("bbb`")
