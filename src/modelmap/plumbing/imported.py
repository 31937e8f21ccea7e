"""The tables that `modelmap import` writes to data/imported, and their record in conf."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from modelmap.plumbing.archives import Sha256, sha256
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import Section

HOW_TO_RESTORE = "run `modelmap import` again, or `dvc pull data/imported` where DVC tracks it"


class Digests(Section):
    """The sha256 of the files in data/imported."""

    matrix: Sha256
    models: Sha256
    texts: Sha256


class Imported(Section):
    """The content of conf/imported.yaml, and of the section `imported` of resolved.yaml."""

    kind: Literal["published", "bundle"]
    source: str
    """The name of the file or folder that was imported."""
    values: Literal["own", "published"]
    """own: the values were computed by this program; published: by the authors of the papers."""
    n_models: Annotated[int, Field(ge=1)]
    n_texts: Annotated[int, Field(ge=2)]
    by_category: bool
    """Whether a fixed number of texts was drawn from each category."""
    max_bytes: Annotated[int, Field(ge=4)]
    max_document_bytes: int | None = None
    """The limits by which the texts were cut, as in the section `corpus`."""
    sha256: Digests


class ImportedSection(Section):
    """The section `imported`: empty unless the experiment uses imported texts."""

    data: Imported | None = None


def digests(folder: Path) -> Digests:
    """Return the digests of the three tables in a folder."""
    return Digests(**{name: sha256(folder / f"{name}.parquet") for name in Digests.model_fields})


def imported_file(layout: Layout, record: Imported, name: str) -> Path:
    """Return the path of the imported table `name`: matrix, models or texts.

    Raises UserError if the file is missing or is not the one that was imported.
    """
    path = layout.imported / f"{name}.parquet"
    shown = path.relative_to(layout.root).as_posix()
    if not path.is_file():
        raise UserError(f"{shown} is missing: {HOW_TO_RESTORE}")
    if sha256(path) != getattr(record.sha256, name):
        raise UserError(
            f"{shown} is not what conf/imported.yaml says was imported: {HOW_TO_RESTORE}"
        )
    return path
