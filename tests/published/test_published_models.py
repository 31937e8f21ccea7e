"""What the authors tell of their models becomes the models table; what is not known is said."""

import pickle
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.published_files import NAMES, made_up_metadata, write_pickle

from modelmap.matrix.tables import IMPORTED_MODELS
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.tables import check_table
from modelmap.published.models import model_table, read_metadata, warnings


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_metadata_gives_family_size_and_date(tmp_path: Path, protocol: int) -> None:
    """model_type, model_size in billions, and the day of created_at, in the order of the matrix."""
    path = write_pickle(tmp_path / "meta.pkl", made_up_metadata(), protocol)
    metadata = read_metadata(path)
    models = model_table(NAMES[::-1], metadata)
    check_table(models, IMPORTED_MODELS, "models")
    assert models["model"].tolist() == NAMES[::-1]
    assert models["family"].tolist() == ["llama-2", "mistral"] * 3
    assert models["n_params"].tolist() == [n * 10**9 for n in (12, 11, 10, 9, 8, 7)]
    assert models["created"].tolist() == [f"2024-0{month}-20" for month in (6, 5, 4, 3, 2, 1)]
    assert models["kind"].unique().tolist() == ["published"]
    assert warnings(models, metadata) == []


@pytest.mark.parametrize(
    ("size", "n_params"),
    [
        (8, 8 * 10**9),
        (0.125, 125_000_000),
        (np.float64(1.5), 1_500_000_000),
        (None, 0),
        ("7B", 0),
        (0, 0),
        (-1, 0),
        (float("nan"), 0),
        (True, 0),
        (7_000_000_000, 0),
        (10**400, 0),
        (-(10**400), 0),
    ],
    ids=str,
)
def test_a_size_that_is_no_number_of_billions_is_not_known(size: object, n_params: int) -> None:
    """It is 0 then, never a guess."""
    assert model_table(["a"], {"a": {"model_size": size}})["n_params"].tolist() == [n_params]


@pytest.mark.parametrize(
    ("created", "day"),
    [
        ("2024-04-20T00:53:57+00:00", "2024-04-20"),
        ("2024-04-20", "2024-04-20"),
        (datetime(2023, 1, 2, tzinfo=UTC), "2023-01-02"),
        (datetime(1, 1, 1), "0001-01-01"),
        # As a hostile pickle sets it: month 12, and every other part out of its range.
        (pickle.loads(b"cdatetime\ndatetime\n(C\x0a\xff\xff\x0c" + b"\xff" * 7 + b"tR."), None),
        ("0001-01-01T00:00:00+23:00", "0001-01-01"),
        ("9999-12-31T23:59:59-23:00", "9999-12-31"),
        ("2024-04-20T00:00:00\ud800", None),
        ("spring", None),
        (None, None),
        (20240420, None),
    ],
    ids=str,
)
def test_a_date_is_the_day_or_missing(created: object, day: str | None) -> None:
    """Of the hub's text, or of a date."""
    found = model_table(["a", "b"], {"a": {"created_at": created}})["created"]
    assert [None if found.isna().iloc[0] else found.iloc[0]] == [day]


@pytest.mark.parametrize(
    "family", ["a\0b", "\x1b[2J", "\ud800", "a\nb", " ", "", 7, None, [[]], 99 * "a"]
)
def test_a_family_that_no_figure_can_show_is_unknown(family: object) -> None:
    """It is told as one that is missing."""
    metadata = {"a": {"model_type": family, "model_size": 1, "created_at": "2024-01-01"}}
    models = model_table(["a"], metadata)
    assert models["family"].tolist() == ["unknown"]
    assert warnings(models, metadata) == ["no family for 1 of 1 models: a"]


def nested_lists() -> bytes:
    """Return a pickle of a model whose name is lists that each hold the last one ten times."""
    name: list[object] = []
    for _ in range(30):
        name = [name] * 10
    return pickle.dumps([{"model_name": name}])


# Written by hand: pickle.dumps does not go as deep.
NESTED_TUPLES = b"\x80\x04]}\x8c\x0amodel_name)" + b"\x85" * 50_000 + b"sa."


@pytest.mark.parametrize(
    ("content", "kind"),
    [(nested_lists(), "list"), (NESTED_TUPLES, "tuple")],
    ids=["lists", "tuples"],
)
def test_a_name_of_nested_lists_is_told_as_its_type(
    tmp_path: Path, content: bytes, kind: str
) -> None:
    """Its text would have no end, or a depth that ends Python."""
    (tmp_path / "m.pkl").write_bytes(content)
    with pytest.raises(UserError) as caught:
        read_metadata(tmp_path / "m.pkl")
    assert str(caught.value).startswith(f"m.pkl: not the name of a model: {kind};")


def test_models_without_metadata_stay_and_are_listed() -> None:
    """Nothing is dropped without a word, on either side."""
    metadata: dict[str, dict[str, Any]] = {
        "b": {"model_type": "x", "model_size": 1, "created_at": "2024-01-01"},
        "c": {"model_type": None},
        "z": {},
    }
    models = model_table(["a", "b", "c"], metadata)
    assert models["family"].tolist() == ["unknown", "x", "unknown"]
    assert warnings(models, metadata) == [
        "no metadata for 1 of 3 models: a",
        "no family for 1 of 3 models: c",
        "no date for 1 of 3 models: c",
        "no size for 1 of 3 models: c",
        "metadata of 1 other models is ignored: z",
    ]


@pytest.mark.parametrize("content", [{"a": 1}, [1], [{"name": "a"}]])
def test_a_pickle_of_something_else_is_told(tmp_path: Path, content: object) -> None:
    """Such as the authors' log-likelihoods."""
    with pytest.raises(UserError) as caught:
        read_metadata(write_pickle(tmp_path / "m.pkl", content))
    assert str(caught.value) == "m.pkl is not a list of models with a model_name each"


def test_doubled_models_are_listed(tmp_path: Path) -> None:
    """Of two rows of one model neither is surely meant."""
    rows = [{"model_name": name} for name in ("a", "b", "A")]
    with pytest.raises(UserError) as caught:
        read_metadata(write_pickle(tmp_path / "m.pkl", rows))
    assert str(caught.value) == "m.pkl: models whose names differ only in case: a, A"
