"""The manifest of a bundle: its numbers, settings, and the sha256 and size of each file."""

import json
import shutil
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, FiniteFloat, ValidationInfo, field_validator

from modelmap.matrix.settings import MatrixSettings
from modelmap.plumbing.archives import Sha256, sha256
from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import checked, parse_json, read_bytes, write_text
from modelmap.plumbing.section import Section
from modelmap.resample.methods import MethodKey
from modelmap.score.rule import Rule

MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 1_000_000
FORMAT = 3
"""To be raised if the manifest changes, or the computation of the clip threshold or the plan.

Earlier bundles are read, too. Those of format 1 have no segments, and only the map of the papers'
estimates; those of formats 1 and 2 have only models that are scored on all texts.
"""
Table = Literal["map.parquet", "matrix.parquet", "models.parquet", "plan.parquet", "texts.parquet"]
File = Literal[Table, "segments.parquet", "segments.safetensors"]
TABLES: tuple[Table, ...] = get_args(Table)
FILES: tuple[File, ...] = get_args(File)
"""All files with values. Only bundles with log-likelihoods of segments have those of segments."""


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


class DivergenceKeys(Section):
    """The setting that says of which estimates of KL the map is."""

    estimate: Literal["mixture", "papers"]


class Analysis(Section):
    """The settings that the bundle's numbers were computed with, by section of resolved.yaml."""

    matrix: MatrixSettings
    divergence: DivergenceKeys = DivergenceKeys(estimate="papers")
    """Not in bundles of format 1."""
    map: MapKeys
    plan: PlanKeys


class Manifest(Section):
    """The content of manifest.json."""

    format: Literal[1, 2, 3]
    values: Literal["own", "published"]
    unit: Literal["nats"]
    rule: Rule = "own"
    """The rule by which the models were scored (docs/scoring.md)."""
    n_models: Annotated[int, Field(ge=1)]
    """The number of models that are scored on all texts, those of the matrix."""
    n_texts: Annotated[int, Field(ge=2)]
    n_withheld: Annotated[int, Field(ge=0)]
    n_segment_texts: Annotated[int, Field(ge=0)] = 0
    """The number of texts, the first of the plan, whose segments' log-likelihoods it has."""
    mean_bytes: Annotated[FiniteFloat, Field(gt=0)]
    clip_threshold_nats: Annotated[FiniteFloat, Field(le=0)]
    text_set: Sha256
    by_category: bool
    max_bytes: Annotated[int, Field(ge=4)]
    max_document_bytes: Annotated[int, Field(ge=1)] | None
    analysis: Analysis
    sha256: dict[File, Sha256]
    file_bytes: dict[File, Annotated[int, Field(ge=1)]] = {}
    """The sizes of the same files; not in bundles of format 1."""

    @field_validator("sha256", "file_bytes")
    @classmethod
    def _check_all_files(cls, found: dict[File, Any], info: ValidationInfo) -> dict[File, Any]:
        expected: tuple[File, ...] = FILES if info.data.get("n_segment_texts") else TABLES
        missing = [name for name in expected if name not in found]
        if missing:
            raise ValueError(f"has no {', '.join(missing)}")
        others = [name for name in found if name not in expected]
        if others:
            raise ValueError(f"has {', '.join(others)}, and n_segment_texts is 0")
        return found


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write manifest.json with sorted keys."""
    content = json.dumps(manifest.model_dump(mode="json"), indent=2, sort_keys=True)
    write_text(folder / MANIFEST, content + "\n")


def described_files(folder: Path) -> dict[str, dict[File, Any]]:
    """Return the keys `sha256` and `file_bytes` of the manifest for the files in a folder."""
    paths = {name: folder / name for name in FILES if (folder / name).is_file()}
    return {
        "sha256": {name: sha256(path) for name, path in paths.items()},
        "file_bytes": {name: path.stat().st_size for name, path in paths.items()},
    }


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
    found = content.get("format") if isinstance(content, dict) else None
    if isinstance(found, int) and found > FORMAT:
        raise UserError(
            f"{where} has format {found}, and this version of modelmap reads formats up to "
            f"{FORMAT}: install a newer version"
        )
    return checked(Manifest, content, where)


def copy_files(folder: Path, manifest: Manifest, target: Path) -> None:
    """Copy the files of a bundle that its manifest lists to the folder `target`.

    Raises UserError that lists all files that are missing, links, or have another digest or size.
    """
    wrong = []
    for name, digest in manifest.sha256.items():
        path = folder / name
        if path.is_symlink():
            wrong.append(f"{name} is a link")
        elif not path.is_file():
            wrong.append(f"{name} is missing")
        elif sha256(Path(shutil.copyfile(path, target / name))) != digest:
            wrong.append(f"{name} does not have the sha256 in {MANIFEST}")
        elif manifest.file_bytes and path.stat().st_size != manifest.file_bytes[name]:
            wrong.append(f"{name} does not have the size in {MANIFEST}")
    if wrong:
        raise UserError(f"{folder.name}: {listed(wrong)}; copy the files of the bundle again")
