"""The models and tables of a git revision or of the working tree."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from modelmap.map.tables import PLACES
from modelmap.matrix.file import LogLikelihoods, read_matrix
from modelmap.models.file import read_roster
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_csv, read_parquet

T = TypeVar("T")
NOT_FOUND = "neither in the cache nor in a remote"


@dataclass(frozen=True)
class Snapshot:
    """The roster and the tables of a revision. Tables that cannot be read are None."""

    specs: dict[str, ModelSpec]
    """The models by name."""
    revisions: dict[str, str] | None = None
    """The commit of each model, or the hash of its files."""
    matrix: LogLikelihoods | None = None
    places: pd.DataFrame | None = None
    """The columns model, x and y of the map, at least."""
    missing: dict[str, str] = field(default_factory=dict)
    """The reasons why files could not be read, by file."""


def read_snapshot(layout: Layout, revision: str | None) -> Snapshot:
    """Return the snapshot of a git revision, or of the working tree if it is None.

    Files are read from the working tree, else from DVC's cache, else from its default remote.
    """
    from dvc.api import DVCFileSystem

    files = DVCFileSystem(str(layout.root), rev=revision)
    missing: dict[str, str] = {}

    def read(path: Path, reader: Callable[[Path], T]) -> T | None:
        name = path.relative_to(layout.root).as_posix()
        try:
            with _fetched(files, name) as copy:
                return reader(copy)
        except UserError as error:
            missing[name] = str(error)
            return None

    def read_places() -> pd.DataFrame | None:
        """Return the map, or if it is in no cache the rounded one of git, if there is one."""
        places = read(layout.map, lambda path: _columns(path, "model", "x", "y"))
        if places is not None:
            return places
        rounded = layout.plot("map")
        places = read(rounded, lambda path: read_csv(path, PLACES))
        # Only one of both is needed, and only the first is worth a line.
        missing.pop(
            (layout.map if places is not None else rounded).relative_to(layout.root).as_posix()
        )
        return places

    specs = read(layout.roster, _specs)
    return Snapshot(
        specs or {},
        read(layout.models, _revisions),
        read(layout.matrix, read_matrix),
        read_places(),
        missing,
    )


def _revisions(path: Path) -> dict[str, str]:
    """Return the revision of each model."""
    frame = _columns(path, "model", "revision").astype(str)
    return dict(zip(frame["model"], frame["revision"], strict=True))


def _columns(path: Path, *names: str) -> pd.DataFrame:
    """Return columns of a table. No schema is checked: older tables had other columns."""
    frame, _ = read_parquet(path)
    if not set(names) <= set(frame.columns):
        raise UserError(f"it does not have the columns {' and '.join(names)}")
    return frame[list(names)]


def _specs(path: Path) -> dict[str, ModelSpec]:
    return {spec.name: spec for spec in read_roster(path)}


@contextmanager
def _fetched(files: Any, name: str) -> Iterator[Path]:
    """Yield the path of a temporary copy of a file. Raises UserError if the file cannot be read."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / Path(name).name
        try:
            files.get_file(name, str(copy))
        except FileNotFoundError as error:
            raise UserError(NOT_FOUND) from error
        # Each kind of remote has its own exceptions, for credentials, network and permissions.
        except Exception as error:
            raise UserError(f"the remote fails: {error}") from error
        yield copy
