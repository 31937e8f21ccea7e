"""Pickles are read without running what they ask for."""

import collections
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelmap.plumbing.errors import UserError
from modelmap.plumbing.unpickle import load_allowing

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
PLAIN: dict[str, Any] = {
    "numbers": [1, -2.5, 10**30, True, None],
    "words": ("plain", "é東🚀", b"\x00\xff"),
    "more": {"a": {"b": [[], {}, ()]}},
}
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
NESTED = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12
)


class Calls:
    """Pickles as a call of any function with any arguments."""

    def __init__(self, function: Any, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call


def told_by(content: bytes, **allowed: Any) -> str:
    """Return the one line that a pickle is refused with."""
    with pytest.raises(UserError) as caught:
        load_allowing(content, allowed)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_hostile_pickle_is_refused_by_name_and_runs_nothing(
    tmp_path: Path, protocol: int
) -> None:
    """A shell command inside is named, not run, wherever it stands and in every protocol."""
    marker = tmp_path / "marker"
    hostile = Calls(os.system, f"touch {marker}")
    for content in (hostile, [1, {"deep": (2, hostile)}], {"data": ["text"], "z": hostile}):
        told = told_by(pickle.dumps(content, protocol))
        assert told == "refused a pickle that would load posix.system, which is not allowed"
    assert not marker.exists()
    pickle.loads(pickle.dumps(hostile, protocol))
    assert marker.exists()


@pytest.mark.parametrize(
    ("function", "arguments", "name"),
    [
        (eval, ("1 + 1",), "eval"),
        (exec, ("pass",), "exec"),
        (getattr, ("", "join"), "getattr"),
        (__import__, ("os",), "__import__"),
        (open, ("/dev/null",), "open"),
        (collections.OrderedDict, (), "OrderedDict"),
    ],
)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_every_global_outside_the_list_is_refused(
    function: Any, arguments: tuple[object, ...], name: str, protocol: int
) -> None:
    """Built-in functions and harmless classes alike: only what was given may be loaded."""
    assert f".{name}, which" in told_by(pickle.dumps(Calls(function, *arguments), protocol))


def test_the_first_global_outside_the_list_is_the_one_named() -> None:
    """What is allowed passes; the next one stops it."""
    content = pickle.dumps([Calls(collections.OrderedDict), Calls(eval, "1")], 4)
    told = told_by(content, **{"collections.OrderedDict": dict})
    assert "builtins.eval" in told


def test_a_dotted_name_is_no_way_around_the_list() -> None:
    """An allowed class does not open what hangs on it."""
    content = b"\x80\x04\x8c\x0bcollections\x8c\x14OrderedDict.fromkeys\x93."
    told = told_by(content, **{"collections.OrderedDict": dict})
    assert "collections.OrderedDict.fromkeys" in told


def test_an_allowed_name_is_what_it_is_mapped_to() -> None:
    """A stand-in is loaded in the place of the class that the pickle names."""
    content = pickle.dumps(Calls(collections.OrderedDict, [("a", 1)]), 2)
    assert type(load_allowing(content, {"collections.OrderedDict": dict})) is dict
    assert load_allowing(content, {"collections.OrderedDict": dict}) == {"a": 1}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_plain_containers_need_no_list(protocol: int) -> None:
    """Lists, tuples, dicts, numbers, text and, from protocol 3 on, bytes come back."""
    plain = dict(PLAIN) if protocol >= 3 else {"numbers": PLAIN["numbers"], "more": PLAIN["more"]}
    assert load_allowing(pickle.dumps(plain, protocol), {}) == plain


def test_text_of_a_python_2_pickle_is_read_byte_by_byte() -> None:
    """Its 8-bit strings become the characters of the same numbers."""
    assert load_allowing(b"U\x03a\xe9\xff.", {}) == "aéÿ"


@settings(deadline=None)
@given(NESTED, st.sampled_from(PROTOCOLS))
def test_any_plain_value_comes_back(value: object, protocol: int) -> None:
    """What plain containers hold is not touched."""
    assert load_allowing(pickle.dumps(value, protocol), {}) == value


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_pickle_cut_anywhere_is_told_in_one_line(protocol: int) -> None:
    """Every proper beginning of a pickle is refused, the empty one too."""
    content = pickle.dumps({"numbers": PLAIN["numbers"], "more": PLAIN["more"]}, protocol)
    for length in range(len(content)):
        assert told_by(content[:length]).startswith("not a readable pickle")


@pytest.mark.parametrize(
    "content",
    [
        b"no pickle at all",
        b"\x80\x7f.",
        b"}K\x01a.",
        b"(K\x01K\x02o.",
        b"K\x01K\x02R.",
        b"]]K\x01s.",
        b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xff.",
        b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff.",
        b"\x8c\x02\xff\xfe.",
        b"P1\n.",
        b"K\x01}b.",
    ],
    ids=[
        "text",
        "protocol 127",
        "append to a dict",
        "object of no class",
        "call a number",
        "item of a list in a list",
        "frame of 2^64 bytes",
        "text of 2^64 bytes",
        "text that is no UTF-8",
        "persistent id",
        "state for a number",
    ],
)
def test_bytes_that_are_no_pickle_are_told_in_one_line(content: bytes) -> None:
    """Whatever unpickling stumbles over, the message is that these bytes are no pickle."""
    assert told_by(content).startswith("not a readable pickle")


def test_too_little_memory_is_not_told_as_a_wrong_pickle() -> None:
    """A whole pickle that does not fit is told as that."""

    def fail() -> None:
        raise MemoryError

    told = told_by(
        pickle.dumps(Calls(collections.OrderedDict)), **{"collections.OrderedDict": fail}
    )
    assert told == "there is too little memory to read a pickle: end other programs"
