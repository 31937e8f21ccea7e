"""How right input is made wrong, and what every reader must then do."""

import copy
import math
import os
from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from modelmap.plumbing.errors import UserError

Right = TypeVar("Right")

# FUZZ_EXAMPLES=5000 looks longer, at other examples each time.
CHOSEN = os.environ.get("FUZZ_EXAMPLES")
LONGEST_LINE = 1000


def fuzzed(n_examples: int) -> settings:
    """Return settings under which the same examples are tried each time."""
    return settings(
        max_examples=int(CHOSEN or n_examples),
        derandomize=CHOSEN is None,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def read_or_refused(read: Callable[[], Right], *names: str) -> Right | None:
    """Return what `read` does, or None after it was told in one line that names one of `names`."""
    try:
        return read()
    except UserError as error:
        message = str(error)
    check_line(message)
    assert not names or any(name in message for name in names), message
    return None


def check_line(message: str) -> None:
    """Check that a message is one line that a terminal shows whole."""
    assert 0 < len(message) <= LONGEST_LINE
    assert message.isprintable()


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """Return bytes with a few places changed, cut out, doubled or put in."""
    changed = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, max(0, len(changed) - 1)))
        length = draw(st.sampled_from([1, 1, 1, 2, 4, 8, 64]))
        way = draw(st.sampled_from(["flip", "put", "cut", "double", "end"]))
        if way == "flip":
            changed[start : start + length] = draw(st.binary(min_size=length, max_size=length))
        elif way == "put":
            changed[start:start] = draw(st.sampled_from(PIECES) | st.binary(max_size=8))
        elif way == "cut":
            del changed[start : start + length]
        elif way == "double":
            changed[start:start] = changed[start : start + length]
        else:
            del changed[start:]
    return bytes(changed)


PIECES = [
    *(b"\0", b"\n", b"\r\n", b'"', b"'", b"[", b"]", b"{", b"}", b":", b",", b"- ", b"\t", b"#"),
    *(
        b"\xff",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\\ud800",
        b"\x1b[2J",
        b"\xe2\x80\xa8",
    ),
    *(
        b"&a ",
        b"*a",
        b"!!python/name:os.system ",
        b"!!timestamp ",
        b"<<: ",
        b"? ",
        b"|",
        b"${a}",
        b"???",
    ),
    *(b"\xff" * 8, b"\0" * 8, b"nan", b"-1", b"1e999", b"9" * 30, b"true", b"null", b".inf"),
]

ODD_NUMBERS = [
    *(0, -1, 1, 2**31, 2**63, 10**30, -(10**30), 0.5, -0.0, 1e308, math.nan, math.inf, -math.inf),
]
ODD_WORDS = [
    *("", " ", "a\nb", "\0", "\x1b[31m", "\u2028", "..", "../../etc/passwd", "/etc/passwd", "a/b"),
    *(
        "~",
        "*",
        "-",
        "${x}",
        "${oc.env:HOME}",
        "???",
        "nan",
        "1e5",
        "true",
        "\U0001f680",
        "x" * 5000,
    ),
]
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(ODD_NUMBERS),
    st.sampled_from(ODD_WORDS),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
)
ODD_VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=8,
)


@st.composite
def with_odd_values(draw: st.DrawFn, content: Any) -> Any:
    """Return a tree of dicts and lists in which one to three values are other ones or gone."""
    changed = copy.deepcopy(content)
    for _ in range(draw(st.integers(1, 3))):
        holder = changed
        while True:
            keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            below = holder[key]
            if isinstance(below, dict | list) and below and draw(st.integers(0, 3)):
                holder = below
                continue
            way = draw(st.sampled_from(["other", "other", "other", "gone", "more"]))
            if way == "other":
                holder[key] = draw(ODD_VALUES)
            elif way == "gone":
                del holder[key]
            elif isinstance(holder, dict):
                holder[draw(st.text(max_size=8))] = draw(ODD_VALUES)
            else:
                holder.append(draw(ODD_VALUES))
            break
    return changed
