"""What tells two models apart, text by text."""

import json

import numpy as np
import pandas as pd
import pytest

from modelmap.placing.coloured import comparison_page, in_terminal, strength
from modelmap.placing.compare import (
    TextDifference,
    most_different,
    text_differences,
    texts_as_json,
)

LN2 = np.log(2)
TEXTS = pd.DataFrame(
    {"text_id": [7, 8, 9], "category": ["a", "b", "a"], "text": ["one two", "<b> x", "none"]}
)
FIRST, N_BYTES = np.array([0, 2, 6]), np.array([3, 4, 1, 1, 1, 2, 4])


def differences() -> list[TextDifference]:
    """Return those of three texts of 2, 4 and 1 segments, the last not scored by one model."""
    one = np.array([-1.0, -2.0, -1.0, -5.0, -1.0, -1.0, np.nan]) * LN2
    other = np.array([-1.0, -3.0, -1.0, -1.0, -1.0, -1.0, -2.0]) * LN2
    return text_differences(one.astype(np.float32), other.astype(np.float32), FIRST, N_BYTES, TEXTS)


def test_texts_that_make_most_of_the_kl_come_first() -> None:
    """A difference of four bits before one of a single bit; texts not scored are left out."""
    found = differences()
    assert [text.text_id for text in found] == [8, 7]
    terms = [d * LN2 * np.tanh(d * LN2 / 2) for d in (4, 1)]
    shares = [text.kl_share for text in found]
    assert shares == pytest.approx([term / sum(terms) for term in terms], rel=1e-6)
    assert found[0].kl_bits_per_byte == pytest.approx(terms[0] / 5 / LN2, rel=1e-6)
    assert found[0].bits_per_byte == pytest.approx((8 / 5, 4 / 5), rel=1e-6)
    assert found[0].segments == ["<", "b", ">", " x"]
    assert found[0].difference_bits == pytest.approx([0, -4, 0, 0], abs=1e-6)


def test_the_segments_that_differ_most() -> None:
    """In order, without those that do not differ."""
    assert most_different(differences()[0], 1) == [1]
    assert most_different(differences()[1], 3) == [1]


@pytest.mark.parametrize(
    ("bits", "level"), [(0.5, 0), (1.0, 1), (-2.5, 2), (9.0, 3), (float("nan"), 0)]
)
def test_colours_are_stronger_for_larger_differences(bits: float, level: int) -> None:
    """In both directions; a segment that is not scored has no colour."""
    assert strength(bits) == level


def test_plain_text_has_no_colours_and_names_the_segments() -> None:
    """With the model under which each is likelier; in colour the text itself is shown."""
    plain = in_terminal(("left", "right"), differences(), is_plain=True)
    assert "\033" not in plain
    assert "'b': 4.0 bits likelier under right" in plain
    assert "'two': 1.0 bits likelier under left" in plain
    coloured = in_terminal(("left", "right"), differences(), is_plain=False)
    assert "<\033[48;5;208;30mb\033[0m> x" in coloured


def test_control_characters_of_a_text_do_not_reach_the_terminal() -> None:
    """An escape sequence in a text is shown as it is written."""
    text = TextDifference(1, "a", 1.0, 0.1, (1.0, 2.0), ["\x1b[2J"], np.array([0.0]))
    shown = in_terminal(("left", "right"), [text], is_plain=False)
    assert "\x1b[2J" not in shown
    assert "\\x1b[2J" in shown


def test_the_page_shows_texts_as_text() -> None:
    """Marks of HTML in a text or a name are escaped, and nothing is loaded."""
    page = comparison_page(("<left>", "right"), differences())
    assert "&lt;left&gt;" in page
    assert "<left>" not in page
    assert "&lt;<span" in page
    assert 'title="-4.0 bits"' in page
    assert "http" not in page


def test_json_has_null_where_a_model_has_not_scored_a_segment() -> None:
    """And differences of all other segments."""
    one = TextDifference(1, "a", 1.0, 0.1, (1.0, 2.0), ["x", "y"], np.array([np.nan, 1.5]))
    content = json.loads(texts_as_json(("left", "right"), [one]))
    assert content["models"] == ["left", "right"]
    assert content["texts"][0]["difference_bits"] == [None, 1.5]
