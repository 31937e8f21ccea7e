"""What one revision, or the working tree, knows of its models."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from modelmap.map.tables import MAP
from modelmap.matrix.file import LogLikelihoods, read_matrix
from modelmap.models.file import read_roster
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_parquet, read_table

T = TypeVar("T")
NOWHERE = "neither in the cache nor in a remote"


@dataclass(frozen=True)
class Snapshot:
    """A revision's roster, and its tables; None where one cannot be had, with the reason."""

    specs: dict[str, ModelSpec]
    revisions: dict[str, str] | None = None
    """Of each model: its commit, or the hash of its files."""
    matrix: LogLikelihoods | None = None
    places: pd.DataFrame | None = None
    lacking: dict[str, str] = field(default_factory=dict)
    """File to reason."""


def read_snapshot(layout: Layout, revision: str | None) -> Snapshot:
    """Return the snapshot of a git revision, or of the working tree if it is None.

    Files come from the working tree, else from DVC's cache, else from its default remote.
    """
    from dvc.api import DVCFileSystem

    files = DVCFileSystem(str(layout.root), rev=revision)
    lacking: dict[str, str] = {}

    def read(path: Path, reader: Callable[[Path], T]) -> T | None:
        name = path.relative_to(layout.root).as_posix()
        try:
            with _fetched(files, name) as here:
                return reader(here)
        except UserError as error:
            lacking[name] = str(error)
            return None

    specs = read(layout.roster, _specs)
    return Snapshot(
        specs or {},
        read(layout.models, _revisions),
        read(layout.matrix, read_matrix),
        read(layout.map, lambda path: read_table(path, MAP)),
        lacking,
    )


def _revisions(path: Path) -> dict[str, str]:
    """Return models' revisions; an earlier table may have had other columns beside them."""
    frame, _ = read_parquet(path)
    if not {"model", "revision"} <= set(frame.columns):
        raise UserError("it has no revisions of models")
    return dict(zip(frame["model"].astype(str), frame["revision"].astype(str), strict=True))


def _specs(path: Path) -> dict[str, ModelSpec]:
    return {spec.name: spec for spec in read_roster(path)}


@contextmanager
def _fetched(files: Any, name: str) -> Iterator[Path]:
    """Yield a copy of a file. Raises UserError if it cannot be had."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder) / Path(name).name
        try:
            files.get_file(name, str(here))
        except FileNotFoundError as error:
            raise UserError(NOWHERE) from error
        # Every kind of remote fails in its own way: no credentials, no network, no permission.
        except Exception as error:
            raise UserError(f"the remote fails: {error}") from error
        yield here
