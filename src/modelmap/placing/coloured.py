"""Two models' differences shown in the texts: in a terminal, as plain text, and as HTML."""

from collections.abc import Sequence
from html import escape

import numpy as np

from modelmap.placing.compare import TextDifference, most_different
from modelmap.placing.page import NOTE, STYLE

LIMITS_BITS = 1.0, 2.0, 4.0
"""A segment's colour gets stronger at each of these differences."""
FIRST_COLOURS, SECOND_COLOURS = (153, 111, 69), (223, 215, 208)
"""Of the 256 colours of terminals: blues and oranges."""
FIRST_RGB, SECOND_RGB = "40, 110, 220", "230, 120, 0"
WORDS_SHOWN, TEXTS_SHOWN, TEXTS_IN_PAGE = 10, 5, 50
PAGE_STYLE = "pre { white-space: pre-wrap; font: inherit; } h2 { font-size: 1rem; }"


def strength(difference_bits: float) -> int:
    """Return from 0 to 3 how strong the colour of a segment is, 0 where it is not scored."""
    if np.isnan(difference_bits):
        return 0
    return sum(abs(difference_bits) >= limit for limit in LIMITS_BITS)


def in_terminal(names: tuple[str, str], texts: Sequence[TextDifference], is_plain: bool) -> str:
    """Return what tells the models apart: the texts that make most of their KL, in colour.

    Plain text has a list of the segments that differ most in place of colours.
    """
    lines = [_heading(names, texts), ""]
    for text in texts[:TEXTS_SHOWN]:
        lines += [_about(names, text), _listed(names, text) if is_plain else _ansi(text), ""]
    rest = len(texts) - TEXTS_SHOWN
    lines += [f"and {rest} more texts", ""] if rest > 0 else []
    if not is_plain:
        keys = (f"\033[48;5;{c[1]};30m likelier under {name} \033[0m" for name, c in _keys(names))
        lines.append(" ".join(keys))
    return "\n".join([*lines, NOTE]) + "\n"


def _keys(names: tuple[str, str]) -> list[tuple[str, tuple[int, int, int]]]:
    return [(names[0], FIRST_COLOURS), (names[1], SECOND_COLOURS)]


def _heading(names: tuple[str, str], texts: Sequence[TextDifference]) -> str:
    shares = np.cumsum([text.kl_share for text in texts])
    half = int(np.searchsorted(shares, 0.5)) + 1
    return (
        f"{names[0]} and {names[1]} on {len(texts)} texts: half of their KL is from {half} of them"
    )


def _about(names: tuple[str, str], text: TextDifference) -> str:
    first, second = text.bits_per_byte
    return (
        f"text {text.text_id} ({text.category}): {text.kl_share:.1%} of the KL; bits per byte "
        f"{first:.3f} under {names[0]}, {second:.3f} under {names[1]}"
    )


def _listed(names: tuple[str, str], text: TextDifference) -> str:
    lines = []
    for i in most_different(text, WORDS_SHOWN):
        difference = text.difference_bits[i]
        likelier = names[0] if difference > 0 else names[1]
        lines.append(
            f"  {text.segments[i].strip()!r}: {abs(difference):.1f} bits likelier under {likelier}"
        )
    return "\n".join(lines)


def _ansi(text: TextDifference) -> str:
    parts = []
    for segment, difference in zip(text.segments, text.difference_bits, strict=True):
        level = strength(difference)
        colours = FIRST_COLOURS if difference > 0 else SECOND_COLOURS
        # Characters that control terminals are shown as what they are written as.
        shown = "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in segment)
        parts.append(f"\033[48;5;{colours[level - 1]};30m{shown}\033[0m" if level else shown)
    return "".join(parts)


def comparison_page(names: tuple[str, str], texts: Sequence[TextDifference]) -> str:
    """Return one HTML file with the texts that make most of the KL, in colour."""
    sections = "\n".join(
        f"<h2>{escape(_about(names, text))}</h2><pre>{_html(text)}</pre>"
        for text in texts[:TEXTS_IN_PAGE]
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(names[0])} and {escape(names[1])}</title><style>{STYLE}{PAGE_STYLE}</style></head>
<body><h1>{escape(_heading(names, texts))}</h1>
<p><span style="background: rgba({FIRST_RGB}, .4)">likelier under {escape(names[0])}</span>
<span style="background: rgba({SECOND_RGB}, .4)">likelier under {escape(names[1])}</span>; a
segment shows its difference in bits when it is pointed at.</p>
{sections}
<p>{NOTE}</p>
</body></html>
"""


def _html(text: TextDifference) -> str:
    parts = []
    for segment, difference in zip(text.segments, text.difference_bits, strict=True):
        level = strength(difference)
        colour = FIRST_RGB if difference > 0 else SECOND_RGB
        parts.append(
            f'<span title="{difference:+.1f} bits" style="background: rgba({colour}, '
            f'{0.2 * level:.1f})">{escape(segment)}</span>'
            if level
            else escape(segment)
        )
    return "".join(parts)
