"""Markdown from values that may come from others, such as names of models in a pull request."""

from collections.abc import Sequence

from modelmap.plumbing.errors import one_line

LONGEST = 80
LOOK_ALIKES = str.maketrans({"|": "¦", "`": "'"})


def code(value: object, longest: int = LONGEST) -> str:
    """Return a value as a code span, in which nothing is taken for markup, a link or a mention.

    Characters that would end the span or the cell of a table are replaced by similar ones; values
    longer than `longest` are cut in the middle.
    """
    plain = one_line(str(value), longest).translate(LOOK_ALIKES)
    return f"`{plain}`" if plain else ""


def table(head: Sequence[str], rows: Sequence[Sequence[str]], shown: int) -> str:
    """Return a Markdown table of the first `shown` rows, and the number of further rows.

    Cells are Markdown: values that come from others must have been passed through `code`.
    """
    lines = [_line(head), _line(["---"] * len(head)), *(_line(row) for row in rows[:shown])]
    rest = len(rows) - shown
    return "\n".join(lines) + "\n" + (f"\nand {rest} more\n" if rest > 0 else "")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
