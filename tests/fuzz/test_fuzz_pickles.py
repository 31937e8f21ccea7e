"""Pickles from outside run nothing, reserve little, and are read or told in one line."""

import copyreg
import os
import pickle
import resource
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from helpers.damage import ODD_VALUES, check_line, damaged, fuzzed, read_or_refused, with_odd_values
from hypothesis import given
from hypothesis import strategies as st

from modelmap.plumbing.errors import UserError
from modelmap.plumbing.unpickle import load_allowing, numbers_and_dates
from modelmap.predict.scores import read_scores

ROWS = [
    {
        "model_name": "org/a",
        "created_at": datetime(2024, 1, 2),
        "tags": ["x", "y"],
        "log-likelihood-10k": np.arange(3.0),
        "mean_logp": np.float64(-1.5),
        "score_v1_ARC": np.float32(50.0),
        "score_v1_6-taskmean": 40.0,
    },
    {"model_name": "b", "score_v1_ARC": None, "score_v1_6-taskmean": float("nan")},
]
DEEP = b"\x85" * 300_000
SCALAR = b"\x8c\x15numpy._core.multiarray\x8c\x06scalar\x93"
DTYPE = b"\x8c\x05numpy\x8c\x05dtype\x93"
HOSTILE = {
    "a text of many gigabytes": b"\x80\x04\x8d" + (2**36).to_bytes(8, "little") + b".",
    "bytes of many gigabytes": b"\x80\x04\x8e" + (2**36).to_bytes(8, "little") + b".",
    "an array of bytes of many gigabytes": b"\x80\x05\x96" + (2**36).to_bytes(8, "little") + b".",
    "a frame of many gigabytes": b"\x80\x04\x95" + (2**36).to_bytes(8, "little") + b".",
    "a number of two gigabytes": b"\x8b\xff\xff\xff\x7f.",
    "a number of 100,000 digits": b"L" + b"9" * 100_000 + b"L\n.",
    "a key of tuples in tuples": b"\x80\x04})" + DEEP + b"Ns.",
    "keys of tuples in tuples": b"\x80\x04}()" + DEEP + b"Nu.",
    "an old key of tuples in tuples": b"\x80\x04()" + DEEP + b"Nd.",
    "a set of tuples in tuples": b"\x80\x04\x8f()" + DEEP + b"\x90.",
    "a frozen set of tuples in tuples": b"\x80\x04()" + DEEP + b"\x91.",
    "an extension code": b"\x80\x02\x82\x01.",
    "a persistent id": b"Pos.system\n.",
    "a persistent id of any kind": b"\x80\x02NQ.",
    "state for a class": b"\x80\x04" + DTYPE + b"N}\x8c\x05value\x8c\x01xs\x86b.",
    "a number of two gigabytes in numpy": (
        b"\x80\x04" + SCALAR + DTYPE + b"\x8c\x0bV2000000000\x85R\x85R."
    ),
    "a number of too few bytes": b"\x80\x04" + SCALAR + DTYPE + b"\x8c\x02f8\x85RC\x01a\x86R.",
}


@pytest.fixture(autouse=True)
def _a_gigabyte() -> Iterator[None]:
    """Let this process have a gigabyte more than it has."""
    # pyarrow reserves addresses when it makes its first array of text. If that fails under the
    # limit, Python 3.11 may lose count of references and crash in a later test.
    pd.Series(["text"], dtype=str)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (1 << 30), hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@pytest.mark.parametrize("name", list(HOSTILE))
def test_hostile_pickles_are_told_and_reserve_little(name: str) -> None:
    """Sizes and places beyond all, depths that end Python, and what only some pickles have."""
    with pytest.raises(UserError) as caught:
        load_allowing(HOSTILE[name], numbers_and_dates())
    check_line(str(caught.value))
    assert "MemoryError" not in str(caught.value)


def test_a_place_in_the_memo_beyond_all_reserves_nothing() -> None:
    """The place is a name, not a size."""
    assert load_allowing(b"Nr\xff\xff\xff\xff.", {}) is None


def test_an_extension_code_of_this_process_is_not_followed() -> None:
    """Codes that other packages have registered open nothing."""
    copyreg.add_extension("os", "system", 240)
    try:
        with pytest.raises(UserError):
            load_allowing(b"\x80\x02\x82\xf0\x8c\x04true\x85R.", {})
    finally:
        copyreg.remove_extension("os", "system", 240)


class Calls:
    """Pickles as a call of a function."""

    def __init__(self, function: Any, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call


@fuzzed(50)
@given(data=st.data())
def test_a_damaged_pickle_is_read_or_told(tmp_path: Path, data: st.DataObject) -> None:
    """The authors' metadata with bytes changed, cut and put in, in each protocol."""
    right = pickle.dumps(ROWS, data.draw(st.sampled_from([3, 4, 5])))
    path = tmp_path / "model-data.pkl"
    path.write_bytes(data.draw(damaged(right) | st.binary(max_size=32)))
    scores = read_or_refused(lambda: read_scores(path))
    assert scores is None or scores.index.is_unique


@fuzzed(50)
@given(data=st.data())
def test_a_pickle_of_odd_values_is_read_or_told(tmp_path: Path, data: st.DataObject) -> None:
    """Other values in any place, and calls of what no pickle may call."""
    marker = tmp_path / "marker"
    rows = data.draw(with_odd_values(ROWS) | ODD_VALUES)
    if data.draw(st.booleans()):
        rows = [rows, Calls(data.draw(st.sampled_from([os.system, eval, exec])), f"touch {marker}")]
    path = tmp_path / "model-data.pkl"
    path.write_bytes(pickle.dumps(rows, data.draw(st.sampled_from([3, 4, 5]))))
    read_or_refused(lambda: read_scores(path))
    assert not marker.exists()


def test_a_score_of_lists_in_lists_is_told_as_its_kind(tmp_path: Path) -> None:
    """Thirty lists that each hold the last one ten times have no text that fits anywhere."""
    value: list[object] = []
    for _ in range(30):
        value = [value] * 10
    path = tmp_path / "model-data.pkl"
    path.write_bytes(pickle.dumps([{"model_name": "a", "score_v1_ARC": value}]))
    with pytest.raises(UserError, match="ARC of a is 'list'"):
        read_scores(path)
