"""What figures read: the tables and metrics that the stages wrote, by the names of their files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import json_object, read_bytes
from modelmap.plumbing.tables import read_parquet, read_unchecked_csv

FOLDERS = {".parquet": "data", ".csv": "reports/plots", ".json": "reports/metrics"}
"""Where the stages of dvc.yaml write files, by the ending of their names."""

ESTIMATES = {"mixture": "the mixture estimate", "papers": "the papers' estimate"}
"""How captions name the values of divergence.estimate."""

RUN_AGAIN = "run `dvc repro`, or `make studies`"

Read = Callable[[str], Any]
"""From a file's name to its content: a frame, or the mapping of a JSON file."""


def files_below(root: Path, folders: Mapping[str, str]) -> Read:
    """Return a function that reads a file by its name, each file only once.

    `folders` has the folder below `root` for each ending. The function raises UserError if a file
    is missing or damaged.
    """

    @cache
    def read(name: str) -> Any:
        path = root / path_of(name, folders)
        if path.suffix == ".parquet":
            return read_parquet(path)[0]
        if path.suffix == ".csv":
            return read_unchecked_csv(path)
        return json_object(read_bytes(path, f"{name} is missing: {RUN_AGAIN}"), name)

    return read


def path_of(name: str, folders: Mapping[str, str]) -> str:
    """Return the path of a file, relative to the project, from its name."""
    return f"{folders[Path(name).suffix]}/{name}"


@dataclass(frozen=True)
class Inputs:
    """What one figure reads: `files` are the names that its line in the catalogue lists."""

    read: Read
    files: Sequence[str]
    used: dict[str, set[str]] = field(default_factory=dict)
    """The columns that were read of each table so far."""

    def table(self, name: str, *columns: str) -> pd.DataFrame:
        """Return these columns of a table. Raises UserError that names those it does not have."""
        frame = self._content(name)
        missing = [column for column in columns if column not in frame]
        if missing:
            raise UserError(f"{name} has no column {listed(missing)}: {RUN_AGAIN}")
        self.used.setdefault(name, set()).update(columns)
        return frame[list(columns)]

    def metric(self, name: str, *keys: str) -> Any:
        """Return the value of a metrics file below these keys. Raises UserError if there is none.

        Without keys it is the whole content of the file.
        """
        value = self._content(name)
        for key in keys:
            if not isinstance(value, Mapping) or key not in value:
                raise UserError(f"{name} has no metric {'.'.join(keys)}: {RUN_AGAIN}")
            value = value[key]
        return value

    def skip_reason(self, name: str) -> str | None:
        """Return why the stage of a metrics file was skipped, or None if it was not."""
        reason: str | None = self.metric(name).get("skipped")
        return reason

    def _content(self, name: str) -> Any:
        if name not in self.files:
            raise ValueError(f"the catalogue does not list {name} for this figure")
        return self.read(name)


def counts(inputs: Inputs) -> str:
    """Return K, N and B for a caption: models, texts, and the mean bytes of a text."""
    n_models, n_complete = (
        inputs.metric("matrix.json", key) for key in ("n_models", "n_models_with_all_texts")
    )
    some = f", {n_models - n_complete} of them on fewer texts" if n_complete < n_models else ""
    return f"K = {n_models} models{some}, {_texts(inputs)}"


def complete_counts(inputs: Inputs) -> str:
    """Return K, N and B for the caption of a figure of the models that have all texts."""
    n_models, n_complete = (
        inputs.metric("matrix.json", key) for key in ("n_models", "n_models_with_all_texts")
    )
    which = "the " if n_complete < n_models else ""
    scored = " scored on all texts" if n_complete < n_models else ""
    return f"{which}K = {n_complete} models{scored}, {_texts(inputs)}"


def _texts(inputs: Inputs) -> str:
    n_texts, mean_bytes = (inputs.metric("matrix.json", key) for key in ("n_texts", "mean_bytes"))
    return f"N = {n_texts} texts of B = {mean_bytes:.1f} bytes on average"
