"""Reads benchmark scores from a CSV file, or from the metadata published by the papers' authors."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from modelmap.plumbing.errors import (
    MAX_NAME_LENGTH,
    UserError,
    is_label,
    listed,
    one_line,
)
from modelmap.plumbing.files import MAX_INTEGER, exists
from modelmap.plumbing.unpickle import numbers_and_dates, read_pickle
from modelmap.predict.targets import MEAN_LOGLIK, PERCENT

MODEL = "model"
MEAN = "mean of benchmarks"
MISSING = ("", "na", "nan")
MAX_COLUMNS = 1000
"""pandas needs minutes for a table of a hundred thousand columns, which no table of scores has."""
NAME_KEY, SCORE_KEY, PUBLISHED_MEAN = "model_name", "score_v1_", "6-taskmean"


def read_scores(path: Path) -> pd.DataFrame:
    """Return scores from 0 to 100, one row per model and one column per benchmark.

    Missing scores are NaN. With two benchmarks or more, the last column is their mean, NaN for
    models without one of them, unless the file has that column. Raises UserError that lists all
    columns, duplicate models or cells that are wrong.
    """
    if not exists(path) or not path.is_file():
        raise UserError(
            f"no scores at data/raw/{path.name}: put the file there, or change predict.targets"
        )
    cells = _published(path) if path.suffix == ".pkl" else _table(path)
    _check_names(cells, path.name)
    scores = cells.apply(pd.to_numeric, errors="coerce").astype(np.float64)
    _check_cells(cells, scores, path.name)
    if MEAN not in scores and scores.shape[1] > 1:
        scores[MEAN] = scores.mean(axis=1, skipna=False)
    return scores


def _table(path: Path) -> pd.DataFrame:
    """Return the cells of a CSV file as text, with the models as index."""
    options = {"header": None, "dtype": str, "keep_default_na": False, "encoding": "utf-8-sig"}
    try:
        n_columns = _n_columns(path)
        if n_columns > MAX_COLUMNS:
            raise ValueError(f"it has {n_columns} columns, and at most {MAX_COLUMNS} are read")
        cells = pd.read_csv(path, **options).fillna("").map(str.strip)
    except (ValueError, csv.Error) as error:
        raise UserError(f"{path.name} is not a CSV table in UTF-8: {error}") from error
    table = cells.iloc[1:].set_axis(list(cells.iloc[0]), axis=1)
    if MODEL not in table:
        raise UserError(
            f"{path.name} has no column {MODEL}; its columns are {listed(list(table.columns))}"
        )
    if list(table.columns).count(MODEL) > 1:
        raise UserError(f"{path.name} has the column {MODEL} twice: remove one")
    return table.set_index(MODEL)


def _n_columns(path: Path) -> int:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return len(next(csv.reader(lines), []))


def _published(path: Path) -> pd.DataFrame:
    """Return the scores in the authors' metadata, which is a pickled list with a dict per model."""
    rows = read_pickle(path, numbers_and_dates())
    if not isinstance(rows, list) or not all(_is_model(row) for row in rows):
        raise UserError(
            f"{path.name} is not a list of models with a {NAME_KEY} each: "
            "it must be the authors' metadata, or a CSV file"
        )
    keys = dict.fromkeys(key for row in rows for key in row if key.startswith(SCORE_KEY))
    if len(keys) > MAX_COLUMNS:
        raise UserError(
            f"{path.name} has {len(keys)} benchmarks, and at most {MAX_COLUMNS} are read"
        )
    names = {key: key.removeprefix(SCORE_KEY) for key in keys}
    _check_labels([*names.values(), *(row[NAME_KEY] for row in rows)], path.name)
    cells = {
        MEAN if name == PUBLISHED_MEAN else name: [_cell(row.get(key)) for row in rows]
        for key, name in names.items()
    }
    return pd.DataFrame(cells, index=[row[NAME_KEY] for row in rows], dtype=str)


def _is_model(row: object) -> bool:
    return (
        isinstance(row, dict)
        and isinstance(row.get(NAME_KEY), str)
        and all(isinstance(key, str) for key in row)
    )


def _cell(value: object) -> str:
    """Return a score as text, or the type of any other value, which _check_cells then reports."""
    if value is None:
        return ""
    if isinstance(value, str):
        return one_line(value, MAX_NAME_LENGTH)
    # Python refuses to write integers of thousands of digits.
    is_number = isinstance(value, float) or (isinstance(value, int) and abs(value) <= MAX_INTEGER)
    return str(value) if is_number else type(value).__name__


def _check_labels(names: Sequence[str], file: str) -> None:
    """Raise UserError that lists names with control characters, which no figure can show."""
    # An empty name has a message of its own, in _check_names.
    wrong = [repr(name) for name in names if name and not is_label(name)]
    if wrong:
        raise UserError(f"{file}: not the name of a model or benchmark: {listed(wrong)}")


def _check_names(cells: pd.DataFrame, name: str) -> None:
    columns, models = list(cells.columns), cells.index
    _check_labels([*columns, *models], name)
    if not columns or cells.empty:
        raise UserError(
            f"{name} has no scores: it needs a row per model and a column per benchmark"
        )
    if "" in columns or MEAN_LOGLIK in columns:
        raise UserError(f"{name}: a benchmark must have a name other than {MEAN_LOGLIK!r}")
    duplicates = [*cells.columns[cells.columns.duplicated()], *models[models.duplicated()]]
    if duplicates:
        raise UserError(
            f"{name} has these more than once: {listed(list(dict.fromkeys(duplicates)))}"
        )


def _check_cells(cells: pd.DataFrame, scores: pd.DataFrame, name: str) -> None:
    missing = cells.map(lambda cell: cell.lower() in MISSING).to_numpy()
    values = scores.to_numpy()
    valid = missing | ((values >= PERCENT[0]) & (values <= PERCENT[1]))
    texts, columns, models = cells.to_numpy(), list(cells.columns), list(cells.index)
    wrong = [
        f"{columns[column]} of {models[row]} is {texts[row, column]!r}"
        for row, column in np.argwhere(~valid)
    ]
    if wrong:
        raise UserError(f"{name}: {listed(wrong)}; a score is a number from 0 to 100, or empty")
    empty = list(cells.columns[missing.all(axis=0)])
    if empty:
        raise UserError(f"{name}: no model has a score for {listed(empty)}; remove these columns")


def matched_scores(scores: pd.DataFrame, models: Sequence[str], name: str) -> dict[str, object]:
    """Return metrics that name the models without scores, and the scores without a model.

    `name` is the name of the file. Raises UserError if no model of the map has scores.
    """
    without = [model for model in models if model not in scores.index]
    unknown = [model for model in scores.index if model not in models]
    if len(unknown) == len(scores):
        raise UserError(
            f"{name} has scores of none of the map's models: it has {listed(unknown)}, "
            f"and the map has {listed(models)}"
        )
    return {
        "targets_from": name,
        "n_models_without_scores": len(without),
        "models_without_scores": listed(without),
        "n_scores_of_no_model": len(unknown),
        "scores_of_no_model": listed(unknown),
    }
