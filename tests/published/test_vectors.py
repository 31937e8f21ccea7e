"""Log-likelihood pickles are read exactly, or refused in one line that lists what is wrong."""

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.published_files import N_TEXTS, NAMES, made_up_values, vectors_of, write_pickle
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from modelmap.plumbing.errors import UserError
from modelmap.published.vectors import check_names, clipped_at, read_vectors, stacked

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def told_by(path: Path) -> str:
    """Return the one line that a file is refused with."""
    with pytest.raises(UserError) as caught:
        read_vectors(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_dict_of_vectors_comes_back_value_by_value(tmp_path: Path, protocol: int) -> None:
    """In the file's order, from every protocol of pickle."""
    values = made_up_values()
    path = write_pickle(tmp_path / "raw.pkl", vectors_of(values, NAMES[::-1]), protocol)
    found = read_vectors(path)
    assert list(found) == NAMES[::-1]
    np.testing.assert_array_equal(stacked(found, N_TEXTS, "raw.pkl"), values)


@pytest.mark.parametrize("kind", ["<f8", ">f8", "f4", "f2", "i4", "list", "tuple", "slice"])
def test_vectors_of_any_kind_of_number_become_floats(tmp_path: Path, kind: str) -> None:
    """Byte orders, single and half precision, whole numbers, lists, and views of arrays."""
    row = np.array([-1.0, -2.0, -512.0])
    made: dict[str, Any] = {"list": row.tolist(), "tuple": tuple(row.tolist())}
    made["slice"] = np.repeat(row, 2)[::2]
    content = {"a": made[kind] if kind in made else row.astype(kind)}
    found = read_vectors(write_pickle(tmp_path / "raw.pkl", content))["a"]
    assert found.dtype == np.float64
    assert found.tolist() == row.tolist()


@settings(deadline=None, max_examples=50)
@given(
    arrays(np.float64, st.integers(1, 20), elements=st.floats(allow_nan=True)),
    st.sampled_from(PROTOCOLS),
)
def test_every_float_keeps_its_bits(
    tmp_path_factory: pytest.TempPathFactory, row: np.ndarray, protocol: int
) -> None:
    """What is wrong with values is said later; here they are only read."""
    path = write_pickle(tmp_path_factory.mktemp("p") / "raw.pkl", {"a": row}, protocol)
    assert read_vectors(path)["a"].tobytes() == row.tobytes()


class Calls:
    """Pickles as a call of a shell command."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (self.command,)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_hostile_pickle_is_refused_by_name_and_runs_nothing(
    tmp_path: Path, protocol: int
) -> None:
    """As a vector, or inside an array of objects."""
    marker = tmp_path / "marker"
    hostile = Calls(f"touch {marker}")
    for value in (hostile, np.array([hostile], dtype=object)):
        told = told_by(write_pickle(tmp_path / "raw.pkl", {"a": value}, protocol))
        refusal = "refused a pickle that would load posix.system, which is not allowed"
        assert told == f"raw.pkl: {refusal}"
    assert not marker.exists()


@pytest.mark.parametrize("value", [-(10**400), 10**400], ids=["below", "above"])
def test_a_number_beyond_all_floats_is_told(tmp_path: Path, value: int) -> None:
    """With the name of its model."""
    told = told_by(write_pickle(tmp_path / "raw.pkl", {"a": [-1.0], "b": [-1, value]}))
    assert told == "raw.pkl: not a vector of numbers for b"


def test_a_vector_that_many_names_share_is_in_memory_once(tmp_path: Path) -> None:
    """A small file with one vector under thousands of names takes little memory."""
    for vector in (np.full(10, -1.0), np.full(10, -1.0, np.float32), [-1] * 10):
        content = {f"m{i}": vector for i in range(3000)}
        found = read_vectors(write_pickle(tmp_path / "raw.pkl", content))
        assert len(found) == 3000
        assert len({id(one) for one in found.values()}) == 1


def test_vectors_of_more_values_than_are_read_are_told(tmp_path: Path) -> None:
    """They may share one array in the file, and take a vector each in the matrix."""
    content = dict.fromkeys([f"m{i}" for i in range(1001)], np.full(100_000, -1.0, np.float32))
    told = told_by(write_pickle(tmp_path / "raw.pkl", content))
    assert told == "raw.pkl has 100100000 values, more than can be read"


@pytest.mark.parametrize("content", [[1.0], {}, 7, "text"])
def test_a_pickle_of_something_else_is_told(tmp_path: Path, content: object) -> None:
    """Such as the authors' metadata."""
    told = told_by(write_pickle(tmp_path / "x.pkl", content))
    assert told == "x.pkl is not a dict of log-likelihood vectors by model name"


def test_a_torn_file_is_told(tmp_path: Path) -> None:
    """Cut at any of a few places."""
    path = write_pickle(tmp_path / "raw.pkl", vectors_of(made_up_values(), NAMES))
    content = path.read_bytes()
    for length in (0, 1, 50, len(content) - 1):
        path.write_bytes(content[:length])
        assert told_by(path).startswith("raw.pkl: not a readable pickle")


@pytest.mark.parametrize(
    "value",
    [
        "text",
        None,
        3.0,
        [1.0, "a"],
        [True],
        np.zeros((2, 2)),
        np.array(["a"]),
        np.array([True]),
        np.float64(1),
    ],
    ids=str,
)
def test_what_is_no_vector_of_numbers_is_listed(tmp_path: Path, value: object) -> None:
    """By the names of all models it stands for."""
    content = {"a": [1.0], "b": value, "c": value}
    told = told_by(write_pickle(tmp_path / "raw.pkl", content))
    assert told == "raw.pkl: not a vector of numbers for b, c"


@pytest.mark.parametrize(
    "name",
    [
        *("", "/a", "a/", "a/b/c", "../a", "a/..", "a..b", "a b", "a\\b", "a\n", "é", ".a", 7),
        *(None, 10**400, b"a", 1.5),
    ],
    ids=lambda name: f"{name!r:.9}",
)
def test_a_name_that_is_no_models_is_refused(name: object) -> None:
    """Paths, spaces and other characters among them."""
    with pytest.raises(UserError) as caught:
        check_names(["fine/name_1.5", name], "x.pkl")
    shown = repr(name) if isinstance(name, str) else type(name).__name__
    assert str(caught.value).startswith(f"x.pkl: not the name of a model: {shown};")


def test_a_name_of_a_column_is_refused() -> None:
    """The matrix has one column per model, and one of the texts' numbers."""
    with pytest.raises(UserError) as caught:
        check_names(["text_id", "a", "text_ID"], "x.pkl")
    assert str(caught.value) == ("x.pkl: names of columns that the matrix has itself: text_id")


def test_names_that_differ_only_in_case_are_doubled() -> None:
    """A hub, and some disks, take them for one; those of other organisations are others."""
    names = ["a/Model", "A/model", "b/model", "model", "c", "C"]
    with pytest.raises(UserError) as caught:
        check_names(names, "x.pkl")
    assert (
        str(caught.value) == "x.pkl: models whose names differ only in case: a/Model, A/model, c, C"
    )


def test_rows_of_other_lengths_are_all_listed() -> None:
    """With their lengths; where all are alike it is said once."""
    rows = {f"m{i}": np.full(3 + i % 2, -1.0) for i in range(14)}
    with pytest.raises(UserError) as caught:
        stacked(rows, 3, "x.pkl")
    assert str(caught.value) == (
        "x.pkl: vectors with another length than the 3 texts: m1 4, m3 4, m5 4, m7 4, m9 4, "
        "m11 4, m13 4"
    )
    with pytest.raises(UserError) as caught:
        stacked({"a": np.zeros(2), "b": np.zeros(2)}, 3, "x.pkl")
    assert str(caught.value) == "x.pkl: every vector has 2 values, and there are 3 texts"


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 0.1, -1e300])
def test_values_that_are_no_log_likelihoods_are_told_by_model_and_text(bad: float) -> None:
    """NaN, infinite, above 0, or lower than any text can have, whose square is infinite."""
    values = made_up_values()
    values[1, [2, 5]] = values[4, 0] = bad
    with pytest.raises(UserError) as caught:
        stacked(vectors_of(values, NAMES), N_TEXTS, "x.pkl")
    assert str(caught.value) == (
        "x.pkl: not a log-likelihood from -1e+15 to 0 nats: bb/Chat-7B on text 2, 5, "
        "ee/Big-70B on text 0"
    )


def test_a_clipped_matrix_is_recognised_by_its_repeated_minimum() -> None:
    """A quantile's worth of values are equal; raw values have one smallest value."""
    values = np.random.default_rng(0).normal(-600, 100, (50, 40))
    assert clipped_at(values) is None
    assert clipped_at(np.maximum(values, -800.0)) == -800.0
