"""The tables that `modelmap import` wrote, and what conf/imported.yaml records of them."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from modelmap.plumbing.archives import Sha256, sha256
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import Section

AGAIN = "run `modelmap import` again, or `dvc pull data/imported` where DVC tracks it"


class Digests(Section):
    """The sha256 of the files in data/imported."""

    matrix: Sha256
    models: Sha256
    texts: Sha256


class Imported(Section):
    """The content of conf/imported.yaml, and of the section `imported` of resolved.yaml."""

    kind: Literal["published", "bundle"]
    source: str
    """The name of the file or folder it came from."""
    values: Literal["own", "published"]
    """Whether the values were scored by this program, or come from the papers' authors."""
    n_models: Annotated[int, Field(ge=1)]
    n_texts: Annotated[int, Field(ge=2)]
    by_category: bool
    """Whether a fixed number of texts was drawn from each category."""
    max_bytes: Annotated[int, Field(ge=4)]
    max_document_bytes: int | None = None
    """How texts were cut, as in the corpus they come from."""
    sha256: Digests


class ImportedSection(Section):
    """Empty where the experiment's texts and scores are made here."""

    data: Imported | None = None


def digests(folder: Path) -> Digests:
    """Return the digests of a folder's three tables."""
    return Digests(**{name: sha256(folder / f"{name}.parquet") for name in Digests.model_fields})


def imported_file(layout: Layout, record: Imported, name: str) -> Path:
    """Return the path of an imported table: matrix, models or texts.

    Raises UserError if it is not there or not the one that was imported.
    """
    path = layout.imported / f"{name}.parquet"
    shown = path.relative_to(layout.root).as_posix()
    if not path.is_file():
        raise UserError(f"{shown} is missing: {AGAIN}")
    if sha256(path) != getattr(record.sha256, name):
        raise UserError(f"{shown} is not what conf/imported.yaml says was imported: {AGAIN}")
    return path
