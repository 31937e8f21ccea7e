"""What the authors tell of their models becomes the models table; what is not known is said."""

import pickle
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.published_files import NAMES, made_up_metadata, write_pickle

from modelmap.matrix.tables import MODELS
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.tables import check_table
from modelmap.published.models import model_table, read_metadata, warnings


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_metadata_gives_family_size_and_date(tmp_path: Path, protocol: int) -> None:
    """model_type, model_size in billions, and the day of created_at, in the order of the matrix."""
    path = write_pickle(tmp_path / "meta.pkl", made_up_metadata(), protocol)
    metadata = read_metadata(path)
    models = model_table(NAMES[::-1], metadata)
    check_table(models, MODELS, "models")
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
