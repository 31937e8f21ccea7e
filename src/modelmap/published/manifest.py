"""The manifest of a bundle: its numbers, settings, and the sha256 of each table."""

import json
import shutil
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, FiniteFloat, field_validator

from modelmap.matrix.settings import MatrixSettings
from modelmap.plumbing.archives import Sha256, sha256
from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import checked, parse_json, read_bytes, write_text
from modelmap.plumbing.section import Section
from modelmap.resample.methods import MethodKey

MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 1_000_000
FORMAT = 1
"""To be raised if the manifest changes, or the computation of the clip threshold or the plan."""
Table = Literal["map.parquet", "matrix.parquet", "models.parquet", "plan.parquet", "texts.parquet"]
TABLES: tuple[Table, ...] = get_args(Table)


class MapKeys(Section):
    """The settings that the places of the map depend on."""

    seed: int
    metric: Literal["euclidean", "sqeuclidean"]
    algorithm: Literal["exact", "barnes_hut"]
    early_exaggeration: float
    max_perplexity: float
    max_iter: int


class PlanKeys(Section):
    """The settings that the plan depends on."""

    seed: int
    size_measure: MethodKey
    even_share: Annotated[float, Field(ge=0, le=1)]


class Analysis(Section):
    """The settings that the bundle's numbers were computed with, by section of resolved.yaml."""

    matrix: MatrixSettings
    map: MapKeys
    plan: PlanKeys


class Manifest(Section):
    """The content of manifest.json."""

    format: Literal[1]
    values: Literal["own", "published"]
    unit: Literal["nats"]
    n_models: Annotated[int, Field(ge=1)]
    n_texts: Annotated[int, Field(ge=2)]
    n_withheld: Annotated[int, Field(ge=0)]
    mean_bytes: Annotated[FiniteFloat, Field(gt=0)]
    clip_threshold_nats: Annotated[FiniteFloat, Field(le=0)]
    text_set: Sha256
    by_category: bool
    max_bytes: Annotated[int, Field(ge=4)]
    max_document_bytes: Annotated[int, Field(ge=1)] | None
    analysis: Analysis
    sha256: dict[Table, Sha256]

    @field_validator("sha256")
    @classmethod
    def _check_all_tables(cls, found: dict[Table, str]) -> dict[Table, str]:
        missing = [name for name in TABLES if name not in found]
        if missing:
            raise ValueError(f"has no {', '.join(missing)}")
        return found


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write manifest.json with sorted keys."""
    content = json.dumps(manifest.model_dump(mode="json"), indent=2, sort_keys=True)
    write_text(folder / MANIFEST, content + "\n")


def table_digests(folder: Path) -> dict[Table, str]:
    """Return the sha256 of every table of a bundle."""
    return {name: sha256(folder / name) for name in TABLES}


def read_manifest(folder: Path) -> Manifest:
    """Return a bundle's manifest.

    Raises UserError that lists every wrong key, or says that the manifest is missing or a link.
    """
    where, path = f"{folder.name}/{MANIFEST}", folder / MANIFEST
    missing = f"{folder.name} is not a bundle: it has no {MANIFEST}"
    if path.is_symlink():
        raise UserError(f"{where} is a link: copy the files of the bundle again")
    if not path.is_file():
        raise UserError(missing)
    try:
        content = parse_json(read_bytes(path, missing, MAX_MANIFEST_BYTES))
    except ValueError as error:
        raise UserError(f"{where} {error}: copy the bundle again") from error
    return checked(Manifest, content, where)


def copy_tables(folder: Path, manifest: Manifest, target: Path) -> None:
    """Copy the tables of a bundle to the folder `target`.

    Raises UserError that lists all tables that are missing, links, or have another digest.
    """
    wrong = []
    for name in TABLES:
        path = folder / name
        if path.is_symlink():
            wrong.append(f"{name} is a link")
        elif not path.is_file():
            wrong.append(f"{name} is missing")
        elif sha256(Path(shutil.copyfile(path, target / name))) != manifest.sha256[name]:
            wrong.append(f"{name} does not have the sha256 in {MANIFEST}")
    if wrong:
        raise UserError(f"{folder.name}: {listed(wrong)}; copy the files of the bundle again")
