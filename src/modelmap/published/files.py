"""The files of data/imported, found by what conf/imported.yaml says of them."""

import hashlib
from pathlib import Path

from modelmap.errors import UserError
from modelmap.layout import Layout
from modelmap.published.settings import Digests, Imported

AGAIN = "run `modelmap import` again, or `dvc pull data/imported` where DVC tracks it"


def digest(path: Path) -> str:
    """Return the sha256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digests(folder: Path) -> Digests:
    """Return the digests of a folder's three tables."""
    return Digests(**{name: digest(folder / f"{name}.parquet") for name in Digests.model_fields})


def imported_file(layout: Layout, record: Imported, name: str) -> Path:
    """Return the path of an imported table: matrix, models or texts.

    Raises UserError if it is not there or not the one that was imported.
    """
    path = layout.imported / f"{name}.parquet"
    shown = path.relative_to(layout.root).as_posix()
    if not path.is_file():
        raise UserError(f"{shown} is missing: {AGAIN}")
    if digest(path) != getattr(record.sha256, name):
        raise UserError(f"{shown} is not what conf/imported.yaml says was imported: {AGAIN}")
    return path
