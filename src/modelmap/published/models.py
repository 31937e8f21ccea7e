"""The authors' metadata of their models: a pickled list with a dict per model."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from modelmap.models.spec import LONGEST_FAMILY
from modelmap.plumbing.errors import UserError, is_label, listed
from modelmap.plumbing.unpickle import numbers_and_dates, read_pickle
from modelmap.published.vectors import check_names

UNKNOWN = "unknown"
BILLION = 1_000_000_000
MAX_BILLIONS = 2_000
"""Largest plausible `model_size`, in billions of parameters. Larger values are in another unit."""


def read_metadata(path: Path) -> dict[str, dict[str, Any]]:
    """Return the metadata by model name.

    Raises UserError that names what a hostile pickle would load, or what is not a model.
    """
    rows = read_pickle(path, numbers_and_dates())
    is_list = isinstance(rows, list) and all(
        isinstance(r, dict) and "model_name" in r for r in rows
    )
    if not is_list:
        raise UserError(f"{path.name} is not a list of models with a model_name each")
    names = [row["model_name"] for row in rows]
    check_names(names, path.name)
    return dict(zip(names, rows, strict=True))


def model_table(names: Sequence[str], metadata: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """Return the models table, with the columns of IMPORTED_MODELS, in the order of `names`.

    Unknown values are `unknown`, None for the date, and 0 for the number of parameters.
    """
    rows = [_row(name, metadata.get(name, {})) for name in names]
    return pd.DataFrame(rows).astype({"parent": "str", "created": "str"})


def _row(name: str, known: dict[str, Any]) -> dict[str, object]:
    family = known.get("model_type")
    return {
        "model": name,
        "family": family if _is_family(family) else UNKNOWN,
        "parent": None,
        "kind": "published",
        "created": _created(known.get("created_at")),
        "n_params": _n_params(known.get("model_size")),
        "dtype": UNKNOWN,
        "revision": UNKNOWN,
        "added_bos": False,
    }


def _is_family(value: Any) -> bool:
    return isinstance(value, str) and is_label(value) and len(value) <= LONGEST_FAMILY


def _created(value: Any) -> str | None:
    """Return the ISO date of a datetime or of an ISO 8601 string, or None for any other value."""
    if isinstance(value, date):
        value = value.isoformat()
    if not isinstance(value, str):
        return None
    # Read even if it was a datetime: those of a pickle may have parts out of range.
    try:
        return datetime.fromisoformat(value).date().isoformat()
    except ValueError:
        return None


def _n_params(billions: Any) -> int:
    """Return the number of parameters, or 0 if it is unknown."""
    is_number = isinstance(billions, int | float) and not isinstance(billions, bool)
    return round(billions * BILLION) if is_number and 0 < billions <= MAX_BILLIONS else 0


def warnings(models: pd.DataFrame, metadata: dict[str, dict[str, Any]]) -> list[str]:
    """Return one message for each kind of value that is unknown for some models."""
    names = models["model"]
    gaps = {
        "no metadata": ~names.isin(list(metadata)),
        "no family": names.isin(list(metadata)) & (models["family"] == UNKNOWN),
        "no date": names.isin(list(metadata)) & models["created"].isna(),
        "no size": names.isin(list(metadata)) & (models["n_params"] == 0),
    }
    lines = [
        f"{what} for {int(which.sum())} of {len(models)} models: {listed(list(names[which]))}"
        for what, which in gaps.items()
        if which.any()
    ]
    others = [name for name in metadata if name not in set(names)]
    if others:
        lines.append(f"metadata of {len(others)} other models is ignored: {listed(others)}")
    return lines
