"""`modelmap import`: write published log-likelihoods, or a bundle, to data/imported."""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from modelmap.map.tables import BUNDLE_MAP
from modelmap.matrix.clip_centre import clip_threshold
from modelmap.matrix.file import LogLikelihoods, read_matrix, write_matrix
from modelmap.matrix.segments import segment_table
from modelmap.matrix.segments_file import write_segments
from modelmap.matrix.tables import IMPORTED_MODELS, SEGMENTS
from modelmap.plan.tables import PLAN
from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import write_text
from modelmap.plumbing.folders import replaced
from modelmap.plumbing.imported import FILES, Imported, digests
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_table, write_table
from modelmap.published import golden
from modelmap.published.agreement import Bundle, disagreements
from modelmap.published.manifest import Manifest, copy_files, read_manifest
from modelmap.published.models import model_table, read_metadata, warnings
from modelmap.published.rebuild import TextSources, pinned_packages, restore_withheld, source_files
from modelmap.published.request import Request, check_request
from modelmap.published.segments import VALUES, read_bundle_segments
from modelmap.published.tables import BUNDLE_TEXTS
from modelmap.published.texts import read_texts
from modelmap.published.vectors import (
    check_log_likelihoods,
    check_names,
    clipped_at,
    read_vectors,
    stacked,
)
from modelmap.resolve.configuration import FEWEST_MODELS, compose_configuration, resolve
from modelmap.texts.tables import TEXTS
from modelmap.texts.text_set import text_set_hash

EXPERIMENT = "imported"
MAX_BYTES = 1024
"""Largest number of UTF-8 bytes of a text of Oyama et al. 2025 (ACL)."""

HEADER = """\
# Written by `modelmap import`; describes the files in data/imported. Commit this file.
"""


def run(layout: Layout, request: Request) -> None:
    """Write data/imported and conf/imported.yaml.

    Nothing is written if anything is wrong: UserError then lists the problems.
    """
    check_request(request)
    composed = compose_configuration(layout.root, EXPERIMENT)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        if request.is_bundle:
            manifest = read_manifest(request.source.resolve())
            record = _from_bundle(layout, request, manifest, folder)
        else:
            manifest = None
            record = _from_pickle(request, composed["matrix"]["clip_quantile"], folder)
        rows = read_table(folder / "models.parquet", IMPORTED_MODELS).to_dict("records")
        resolved = resolve(composed, EXPERIMENT, {}, record.model_dump(), rows)
        if manifest is not None:
            _warn_of_settings(manifest.analysis.model_dump(), resolved.model_dump(mode="json"))
        with replaced(layout.imported) as fresh:
            for name in FILES.values():
                if (folder / name).is_file():
                    shutil.move(folder / name, fresh / name)
            # The record is written before data/imported is replaced: if conf/ cannot be written,
            # data/imported is not changed either.
            content = yaml.safe_dump(record.model_dump(exclude_none=True), sort_keys=False)
            write_text(layout.import_record, HEADER + content)
    some = record.n_segment_texts
    print(
        f"imported {record.n_models} models on {record.n_texts} texts"
        + (f", with segments of {some}" if some else "")
        + ": set `experiment: imported` in params.yaml, then `dvc repro`; `dvc add data/imported` "
        "lets a DVC remote keep the files"
    )


def _from_pickle(request: Request, clip_quantile: float, folder: Path) -> Imported:
    """Write the tables of the authors' files to a folder, and return their record."""
    name = request.name
    if request.texts is None:
        raise UserError(f"{name} has no texts: name the authors' JSONL file with --texts")
    texts = read_texts(request.texts)
    vectors = read_vectors(request.source)
    _check_number(list(vectors), name)
    values = stacked(vectors, len(texts), name)
    _check_golden(values, list(vectors), texts, request)
    metadata = read_metadata(request.metadata) if request.metadata else {}
    models = model_table(list(vectors), metadata)
    for line in warnings(models, metadata):
        _warn(line)
    text_set = text_set_hash(texts["text"])
    threshold, mean_bytes = clip_threshold(values, clip_quantile), float(texts["n_bytes"].mean())
    matrix = LogLikelihoods(values, list(vectors), threshold, mean_bytes, text_set)
    write_matrix(matrix, folder / "matrix.parquet")
    write_table(models, IMPORTED_MODELS, folder / "models.parquet")
    write_table(texts, TEXTS, folder / "texts.parquet")
    return Imported(
        kind="published",
        source=name,
        values="published",
        n_models=len(models),
        n_texts=len(texts),
        by_category=False,
        max_bytes=MAX_BYTES,
        sha256=digests(folder),
    )


def _check_golden(values: Matrix, models: list[str], texts: pd.DataFrame, request: Request) -> None:
    """Warn if values are clipped, and raise UserError if published data has been changed.

    With --unpublished the differences from the published data are warnings.
    """
    clip = clipped_at(values)
    if clip is not None:
        _warn(
            f"{request.name} is clipped at {clip:.3f} nats: lower values are lost, and "
            "new models must be clipped at the same value"
        )
    if not golden.is_published(models, len(texts)):
        return
    problems = [*golden.differences(values, models, clip), *golden.text_differences(texts)]
    if problems and not request.unpublished:
        raise UserError(
            f"{request.name} is not the published data: {listed(problems, len(problems))}; "
            "import it with --unpublished if that is intended"
        )
    for line in problems:
        _warn(line)


def _from_bundle(layout: Layout, request: Request, manifest: Manifest, folder: Path) -> Imported:
    """Write the tables of a bundle to a folder, and return their record."""
    name = request.name
    if request.metadata is not None or request.unpublished:
        raise UserError(
            "--metadata and --unpublished go with a log-likelihood pickle, not a bundle"
        )
    copy_files(request.source.resolve(), manifest, folder)
    bundle = _read_bundle(layout, request, manifest, folder)
    wrong = disagreements(bundle)
    if wrong:
        raise UserError(
            f"{name} contradicts its own texts and log-likelihoods: {listed(wrong, len(wrong))}"
        )
    write_table(bundle.texts[list(TEXTS.columns)], TEXTS, folder / "texts.parquet")
    if bundle.segments is not None:
        # Segments of withheld texts are not empty any more.
        chosen = bundle.texts["text_id"].isin(bundle.segments.table["text_id"])
        write_table(segment_table(bundle.texts[chosen]), SEGMENTS, folder / "segments.parquet")
    _leave_out_others(bundle, folder)
    return Imported(
        kind="bundle",
        source=name,
        values=manifest.values,
        n_models=len(bundle.matrix.models),
        n_texts=len(bundle.texts),
        n_segment_texts=manifest.n_segment_texts or None,
        by_category=manifest.by_category,
        max_bytes=manifest.max_bytes,
        max_document_bytes=manifest.max_document_bytes,
        sha256=digests(folder),
    )


def _leave_out_others(bundle: Bundle, folder: Path) -> None:
    """Remove the models that are not scored on all texts from the tables in a folder.

    Their log-likelihoods of texts are not in the bundle, so that no matrix can have them.
    """
    models = bundle.matrix.models
    others = [name for name in bundle.models["model"] if name not in set(models)]
    if not others:
        return
    _warn(f"without {len(others)} models that are not scored on all texts: {listed(others)}")
    kept = bundle.models[bundle.models["model"].isin(models)].reset_index(drop=True)
    write_table(kept, IMPORTED_MODELS, folder / "models.parquet")
    if bundle.segments is not None:
        values = bundle.segments.values.of(models)
        rows, n_segments = values.loglik_nats, len(bundle.segments.table)
        write_segments(rows, models, n_segments, values.text_set, folder / VALUES)


def _read_bundle(layout: Layout, request: Request, manifest: Manifest, folder: Path) -> Bundle:
    """Return the bundle whose tables were copied to a folder, with its withheld texts restored."""
    name = request.name
    matrix = read_matrix(folder / "matrix.parquet")
    models = read_table(folder / "models.parquet", IMPORTED_MODELS)
    check_names(matrix.models, name)
    check_names(models["model"].tolist(), name)
    _check_number(matrix.models, name)
    check_log_likelihoods(matrix.loglik_nats, matrix.models, name)
    texts = read_table(folder / "texts.parquet", BUNDLE_TEXTS)
    files = source_files(texts, layout.raw) + ([request.texts] if request.texts else [])
    sources = TextSources(pinned_packages(layout.conf), layout.archives, files)
    restored = restore_withheld(texts, manifest.max_bytes, manifest.max_document_bytes, sources)
    return Bundle(
        manifest,
        texts.assign(text=restored["text"]),
        matrix,
        models,
        read_table(folder / "plan.parquet", PLAN),
        _read_map(folder / "map.parquet", manifest),
        read_bundle_segments(folder) if manifest.n_segment_texts else None,
    )


def _read_map(path: Path, manifest: Manifest) -> pd.DataFrame:
    """Return the map of a bundle, with the columns of BUNDLE_MAP."""
    if manifest.format > 1:
        return read_table(path, BUNDLE_MAP)
    # The only map of these bundles is that of the papers' estimates.
    places = read_table(path, BUNDLE_MAP.remove_columns(["x_papers", "y_papers"]))
    return places.assign(x_papers=places["x"], y_papers=places["y"])


def _check_number(models: list[str], name: str) -> None:
    if len(models) < FEWEST_MODELS:
        raise UserError(f"a map needs at least {FEWEST_MODELS} models, {name} has {len(models)}")


def _warn_of_settings(there: dict[str, dict[str, Any]], here: dict[str, Any]) -> None:
    """Warn of settings of this project with which plan and map will differ from the bundle's."""
    different = [
        f"{section}.{key} is {here[section].get(key)!r} here, {value!r} there"
        for section, values in there.items()
        for key, value in values.items()
        if section in here and here[section].get(key) != value
    ]
    if different:
        _warn(f"plan and map will differ from the bundle's: {listed(different, len(different))}")


def _warn(line: str) -> None:
    print(f"modelmap import: {line}", file=sys.stderr)
