"""The one exception a user is meant to read."""

import re
from collections.abc import Sequence

SHOWN = 5
LONGEST, LONGEST_NAME = 1000, 120


class UserError(Exception):
    """A failure told in one line: what is wrong, where, and what to do next."""

    def __init__(self, told: str) -> None:
        super().__init__(one_line(told.strip(), LONGEST))


def one_line(text: str, longest: int) -> str:
    """Return text on one line: what cannot be shown is escaped, what is too long is cut inside."""
    # Names out of files may hold line ends, a terminal's commands, or halves of characters.
    shown = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode()
        for char in re.sub(r"\s+", " ", _cut(text, 2 * longest))
    )
    return _cut(shown, longest)


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    tail = longest // 3
    return f"{text[: longest - tail - 3]}...{text[len(text) - tail :]}"


def listed(names: Sequence[object], shown: int = SHOWN) -> str:
    """Return names joined by commas, the first few in full and the rest counted."""
    head = ", ".join(one_line(str(name), LONGEST_NAME) for name in names[:shown])
    rest = len(names) - shown
    return f"{head} and {rest} more" if rest > 0 else head
