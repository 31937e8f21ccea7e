"""The files that `modelmap import` writes to data/imported, and their record in conf."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from modelmap.plumbing.archives import Sha256, sha256
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import Section

HOW_TO_RESTORE = "run `modelmap import` again, or `dvc pull data/imported` where DVC tracks it"


FILES = {
    "matrix": "matrix.parquet",
    "models": "models.parquet",
    "texts": "texts.parquet",
    "segments": "segments.safetensors",
    "segment_table": "segments.parquet",
}
"""The files in data/imported, by their keys in the record; only some imports have segments."""


class Digests(Section):
    """The sha256 of the files in data/imported."""

    matrix: Sha256
    models: Sha256
    texts: Sha256
    segments: Sha256 | None = None
    segment_table: Sha256 | None = None


class Imported(Section):
    """The content of conf/imported.yaml, and of the section `imported` of resolved.yaml."""

    kind: Literal["published", "bundle"]
    source: str
    """The name of the file or folder that was imported."""
    values: Literal["own", "published"]
    """own: the values were computed by this program; published: by the authors of the papers."""
    n_models: Annotated[int, Field(ge=1)]
    n_texts: Annotated[int, Field(ge=2)]
    n_segment_texts: Annotated[int, Field(ge=1)] | None = None
    """The number of texts whose segments' log-likelihoods were imported, if any."""
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
    """Return the digests of the files in a folder."""
    return Digests(
        **{key: sha256(folder / name) for key, name in FILES.items() if (folder / name).is_file()}
    )


def imported_file(layout: Layout, record: Imported, key: str) -> Path:
    """Return the path of the imported file that has this key in FILES.

    Raises UserError if the file is missing or is not the one that was imported.
    """
    path = layout.imported / FILES[key]
    shown = path.relative_to(layout.root).as_posix()
    if not path.is_file():
        raise UserError(f"{shown} is missing: {HOW_TO_RESTORE}")
    if sha256(path) != getattr(record.sha256, key):
        raise UserError(
            f"{shown} is not what conf/imported.yaml says was imported: {HOW_TO_RESTORE}"
        )
    return path
