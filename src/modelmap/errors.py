"""The one exception a user is meant to read."""

from collections.abc import Sequence

SHOWN = 5


class UserError(Exception):
    """A failure told in one line: what is wrong, where, and what to do next."""


def listed(names: Sequence[object], shown: int = SHOWN) -> str:
    """Return names joined by commas, the first few in full and the rest counted."""
    head = ", ".join(str(name) for name in names[:shown])
    rest = len(names) - shown
    return f"{head} and {rest} more" if rest > 0 else head
