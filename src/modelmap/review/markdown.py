"""Markdown out of words that may be anyone's."""

from collections.abc import Sequence

from modelmap.plumbing.errors import one_line

LONGEST = 80
LOOK_ALIKES = str.maketrans({"|": "¦", "`": "'"})


def code(value: object, longest: int = LONGEST) -> str:
    """Return a value as a code span, in which nothing is markup, a link or a mention.

    What would end the span or the table's cell is shown by a look-alike; long values are cut.
    """
    plain = one_line(str(value), longest).translate(LOOK_ALIKES)
    return f"`{plain}`" if plain else ""


def table(head: Sequence[str], rows: Sequence[Sequence[str]], shown: int) -> str:
    """Return a Markdown table of the first rows, and how many more there are.

    Cells are Markdown already: words of others have been through `code`.
    """
    lines = [_line(head), _line(["---"] * len(head)), *(_line(row) for row in rows[:shown])]
    rest = len(rows) - shown
    return "\n".join(lines) + "\n" + (f"\nand {rest} more\n" if rest > 0 else "")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
