"""The exception for failures that a user can act on, and text that fits on one line."""

import re
from collections.abc import Sequence

MAX_LISTED = 5
MAX_MESSAGE_LENGTH, MAX_NAME_LENGTH = 1000, 120
# Control characters, line separators, lone surrogates, and what else XML does not allow.
NOT_IN_LABELS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


class UserError(Exception):
    """A failure that a user can act on: one line that says what is wrong, where, and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message.strip(), MAX_MESSAGE_LENGTH))


def is_label(text: str) -> bool:
    """Return whether text fits on one line of a table, a figure (SVG) and a terminal as it is."""
    return bool(text.strip()) and not NOT_IN_LABELS.search(text)


def one_line(text: str, longest: int) -> str:
    """Return text on one line of at most `longest` characters.

    Characters that cannot be printed are escaped. If the text is too long, its middle is left out.
    """
    # Names from files may contain line ends, control sequences of terminals or lone surrogates.
    # The text is cut before as well, because escaping a huge one would take long.
    shown = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode()
        for char in re.sub(r"\s+", " ", _cut(text, 2 * longest))
    )
    return _cut(shown, longest)


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    tail = longest // 3
    start, end = text[: longest - tail - 5], text[len(text) - tail :]
    # Half a word or address at the cut would be misleading. It is left out, unless it is most of
    # what there is.
    words_before, words_after = start.rpartition(" ")[0], end.partition(" ")[2]
    before = words_before if 2 * len(words_before) > len(start) else start
    after = words_after if 2 * len(words_after) > len(end) else end
    return f"{before} ... {after}"


def listed(names: Sequence[object], shown: int = MAX_LISTED) -> str:
    """Return the first `shown` names joined by commas, and how many more there are."""
    head = ", ".join(one_line(str(name), MAX_NAME_LENGTH) for name in names[:shown])
    rest = len(names) - shown
    return f"{head} and {rest} more" if rest > 0 else head
