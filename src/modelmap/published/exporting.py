"""`modelmap export`: write the tables of a map as a bundle that others can import."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd

from modelmap.corpus.settings import CorpusSettings
from modelmap.divergence.settings import DivergenceSettings
from modelmap.map.settings import MapSettings
from modelmap.map.tables import BUNDLE_MAP, MAP
from modelmap.matrix.file import LogLikelihoods, read_matrix
from modelmap.matrix.settings import MatrixSettings
from modelmap.matrix.tables import IMPORTED_MODELS, MODELS
from modelmap.models.hub import hub_errors, hub_problem
from modelmap.plan.settings import PlanSettings
from modelmap.plan.tables import PLAN
from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import checked, read_yaml, write_text
from modelmap.plumbing.folders import replaced
from modelmap.plumbing.imported import ImportedSection
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import Section, read_section
from modelmap.plumbing.tables import read_table, write_table
from modelmap.published.agreement import Bundle, disagreements
from modelmap.published.card import LICENCES, card, terms
from modelmap.published.licences import UNKNOWN, Licences, Values, licence_table, licensed_texts
from modelmap.published.manifest import (
    FILES,
    FORMAT,
    MANIFEST,
    DivergenceKeys,
    Manifest,
    MapKeys,
    PlanKeys,
    described_files,
    read_manifest,
    write_manifest,
)
from modelmap.published.segments import first_texts, read_bundle_segments, write_bundle_segments
from modelmap.published.tables import BUNDLE_TEXTS
from modelmap.score.settings import ScoreSettings
from modelmap.texts.settings import TextsSettings
from modelmap.texts.tables import TEXTS
from modelmap.texts.text_set import check_text_set

ANALYSIS: tuple[tuple[str, type[Section], type[Section]], ...] = (
    ("matrix", MatrixSettings, MatrixSettings),
    ("divergence", DivergenceSettings, DivergenceKeys),
    ("map", MapSettings, MapKeys),
    ("plan", PlanSettings, PlanKeys),
)
"""Sections of resolved.yaml: name, settings, and the keys of these that a manifest contains."""

CARD = "README.md"
BUNDLE_FILES = (MANIFEST, *FILES, CARD, LICENCES)


def run(layout: Layout, output: Path | None, repo: str | None, most_texts: int | None) -> None:
    """Write a bundle, replacing an earlier one, and upload it if `repo`, a data set, is given.

    The bundle has the log-likelihoods of the segments of the first `most_texts` texts of the plan,
    or of all texts if there are fewer or if it is None.

    Raises UserError if tables are missing or do not belong together, if the folder contains
    anything but a bundle, or if the upload fails.
    """
    folder = (output or layout.bundle).resolve()
    _check_folder(folder)
    matrix = read_matrix(layout.matrix)
    name = layout.licences.relative_to(layout.root).as_posix()
    licences = checked(Licences, read_yaml(layout.licences, name), name)
    imported = read_section(layout, "imported", ImportedSection).data
    values = imported.values if imported else "own"
    if repo is not None and licences.values[values] == UNKNOWN:
        raise UserError(
            f"conf/licences.yaml gives no licence for {values} values: name it there to push them"
        )
    with replaced(folder) as fresh:
        manifest = _write_bundle(layout, matrix, licences, values, most_texts, fresh)
        # Checked again, because files may have been added since the first check.
        _check_folder(folder)
    n_models = len(read_table(folder / "models.parquet", IMPORTED_MODELS))
    print(
        f"{folder.name}: {n_models} models, {manifest.n_models} of them on all "
        f"{manifest.n_texts} texts; {manifest.n_withheld} texts are withheld by licence; "
        f"segments of {manifest.n_segment_texts} texts"
    )
    if repo is not None:
        _push(folder, repo)


def _write_bundle(
    layout: Layout,
    matrix: LogLikelihoods,
    licences: Licences,
    values: Values,
    most_texts: int | None,
    folder: Path,
) -> Manifest:
    """Write the files of a bundle to an empty folder, and return its manifest."""
    texts = read_table(layout.texts, TEXTS)
    bundled = licensed_texts(texts, licences)
    whole = bundled.assign(text=texts["text"])
    for name in ("matrix.parquet", "plan.parquet"):
        shutil.copyfile(layout.texts.parent / name, folder / name)
    write_table(bundled, BUNDLE_TEXTS, folder / "texts.parquet")
    places = read_table(layout.map, MAP)
    n_segment_texts = _write_segments(layout, matrix, places["model"], bundled, most_texts, folder)
    # Models that are not scored on all texts have nothing in a bundle but segments.
    models = places["model"] if n_segment_texts else matrix.models
    _write_models(layout, set(models), places, folder)
    manifest = _manifest(layout, matrix, bundled, values, n_segment_texts, folder)
    _check_agreement(layout, manifest, matrix, whole, folder)
    write_manifest(manifest, folder)
    write_text(folder / CARD, card(manifest, licences.values[values]))
    write_text(folder / LICENCES, terms(licence_table(bundled), licences.values[values]))
    return manifest


def _write_models(layout: Layout, bundled: set[str], places: pd.DataFrame, folder: Path) -> None:
    """Write the models of the bundle and their places; name the others on standard error."""
    models = read_table(layout.models, MODELS)
    without = [name for name in models["model"] if name not in bundled]
    if without:
        print(
            f"modelmap export: the bundle is without {len(without)} models that are not scored on "
            f"all texts: {listed(without)}",
            file=sys.stderr,
        )
    for name, table, schema in (
        ("models.parquet", models, IMPORTED_MODELS),
        ("map.parquet", places, BUNDLE_MAP),
    ):
        kept = table.loc[table["model"].isin(bundled), list(schema.columns)]
        write_table(kept.reset_index(drop=True), schema, folder / name)


def _check_folder(folder: Path) -> None:
    """Raise UserError unless the folder is missing, empty, or a bundle without other files."""
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder.name} is a file: choose another folder")
    entries = sorted(folder.iterdir()) if folder.exists() else []
    others = [
        p.name for p in entries if p.name not in BUNDLE_FILES or p.is_symlink() or not p.is_file()
    ]
    if entries and not others:
        try:
            read_manifest(folder)
        except UserError:
            others = [MANIFEST]
    if others:
        raise UserError(
            f"{folder.name} contains files that are not part of a bundle: {listed(others)}; "
            "choose another folder"
        )


def _write_segments(
    layout: Layout,
    matrix: LogLikelihoods,
    on_map: pd.Series,
    texts: pd.DataFrame,
    most_texts: int | None,
    folder: Path,
) -> int:
    """Write the segments of the first texts of the plan, and return the number of these texts.

    `on_map` are the models of the map, those of the matrix among them. `texts` has the columns of
    BUNDLE_TEXTS. Nothing is written if no segments are wanted, or if some models have none.
    """
    wanted = len(texts) if most_texts is None else min(most_texts, len(texts))
    if wanted == 0:
        return 0
    segments = read_bundle_segments(layout.segments.parent)
    without = [name for name in matrix.models if name not in set(segments.values.models)]
    if without:
        print(
            f"modelmap export: the bundle has no segments, because {len(without)} imported models "
            f"have none: {listed(without)}",
            file=sys.stderr,
        )
        return 0
    segments = replace(segments, values=segments.values.of(list(on_map)))
    chosen = first_texts(read_table(layout.plan, PLAN), wanted)
    write_bundle_segments(segments, texts, chosen, folder)
    return wanted


def _check_agreement(
    layout: Layout,
    manifest: Manifest,
    matrix: LogLikelihoods,
    texts: pd.DataFrame,
    folder: Path,
) -> None:
    """Raise UserError unless the tables in data/ belong together.

    `texts` has the columns of BUNDLE_TEXTS, with no text empty. The bundle's segments are in
    `folder`.
    """
    check_text_set(texts["text"], matrix.text_set)
    models = read_table(folder / "models.parquet", IMPORTED_MODELS)
    places = read_table(folder / "map.parquet", BUNDLE_MAP)
    plan = read_table(layout.plan, PLAN)
    segments = read_bundle_segments(folder) if manifest.n_segment_texts else None
    tables = Bundle(manifest, texts, matrix, models, plan, places, segments)
    wrong = disagreements(tables)
    if wrong:
        raise UserError(
            f"tables in data/ do not belong together: {listed(wrong, len(wrong))}; run `dvc repro`"
        )


def _manifest(
    layout: Layout,
    matrix: LogLikelihoods,
    texts: pd.DataFrame,
    values: Values,
    n_segment_texts: int,
    folder: Path,
) -> Manifest:
    """Return the manifest. `texts` are those of the bundle, whose files are in `folder`."""
    corpus = read_section(layout, "corpus", CorpusSettings)
    content = {
        "format": FORMAT,
        "values": values,
        "unit": "nats",
        "rule": read_section(layout, "score", ScoreSettings).rule,
        "n_models": len(matrix.models),
        "n_texts": matrix.n_texts,
        "n_withheld": int(texts["withheld"].sum()),
        "n_segment_texts": n_segment_texts,
        "mean_bytes": matrix.mean_bytes,
        "clip_threshold_nats": matrix.clip_threshold,
        "text_set": matrix.text_set,
        "by_category": read_section(layout, "texts", TextsSettings).by_category,
        "max_bytes": corpus.max_bytes,
        "max_document_bytes": corpus.max_document_bytes,
        "analysis": {
            name: read_section(layout, name, section).model_dump(include=set(kept.model_fields))
            for name, section, kept in ANALYSIS
        },
        **described_files(folder),
    }
    return checked(Manifest, content, MANIFEST)


def _push(folder: Path, repo: str) -> None:
    """Upload a bundle to a data set of a hub, which is created if it does not exist."""
    from huggingface_hub import HfApi

    try:
        hub = HfApi()
        hub.create_repo(repo, repo_type="dataset", exist_ok=True)
        hub.upload_folder(repo_id=repo, folder_path=folder, repo_type="dataset")
    except hub_errors() as error:
        raise UserError(
            f"{folder.name} is written, but not pushed to {repo}: {hub_problem(error)}; check the "
            "name, the network and HF_ENDPOINT, and log in (`hf auth login`)"
        ) from error
    print(f"pushed to the data set {repo}")
