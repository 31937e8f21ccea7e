"""`modelmap export`: write the tables of a map as a bundle that others can import."""

import shutil
from pathlib import Path

import pandas as pd

from modelmap.corpus.settings import CorpusSettings
from modelmap.map.settings import MapSettings
from modelmap.map.tables import MAP
from modelmap.matrix.file import LogLikelihoods, read_matrix
from modelmap.matrix.settings import MatrixSettings
from modelmap.matrix.tables import MODELS
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
from modelmap.published.licences import UNKNOWN, Licences, licence_table, licensed_texts
from modelmap.published.manifest import (
    FORMAT,
    MANIFEST,
    TABLES,
    Manifest,
    MapKeys,
    PlanKeys,
    read_manifest,
    table_digests,
    write_manifest,
)
from modelmap.published.tables import BUNDLE_TEXTS
from modelmap.texts.settings import TextsSettings
from modelmap.texts.tables import TEXTS
from modelmap.texts.text_set import check_text_set

ANALYSIS: tuple[tuple[str, type[Section], type[Section]], ...] = (
    ("matrix", MatrixSettings, MatrixSettings),
    ("map", MapSettings, MapKeys),
    ("plan", PlanSettings, PlanKeys),
)
"""Sections of resolved.yaml: name, settings, and the keys of these that a manifest contains."""

CARD = "README.md"
FILES = (MANIFEST, *TABLES, CARD, LICENCES)
"""The files of a bundle."""


def run(layout: Layout, output: Path | None, repo: str | None) -> None:
    """Write a bundle, replacing an earlier one, and upload it if `repo`, a data set, is given.

    Raises UserError if tables are missing or do not belong together, if the folder contains
    anything but a bundle, or if the upload fails.
    """
    folder = (output or layout.bundle).resolve()
    _check_folder(folder)
    matrix = read_matrix(layout.matrix)
    texts = read_table(layout.texts, TEXTS)
    name = layout.licences.relative_to(layout.root).as_posix()
    licences = checked(Licences, read_yaml(layout.licences, name), name)
    imported = read_section(layout, "imported", ImportedSection).data
    values = imported.values if imported else "own"
    if repo is not None and licences.values[values] == UNKNOWN:
        raise UserError(
            f"conf/licences.yaml gives no licence for {values} values: name it there to push them"
        )
    bundled = licensed_texts(texts, licences)
    with replaced(folder) as fresh:
        for name in TABLES:
            if name != "texts.parquet":
                shutil.copyfile(layout.texts.parent / name, fresh / name)
        write_table(bundled, BUNDLE_TEXTS, fresh / "texts.parquet")
        manifest = _manifest(layout, matrix, bundled, values, fresh)
        _check_agreement(layout, manifest, bundled.assign(text=texts["text"]))
        write_manifest(manifest, fresh)
        write_text(fresh / CARD, card(manifest, licences.values[values]))
        write_text(fresh / LICENCES, terms(licence_table(bundled), licences.values[values]))
        # Checked again, because files may have been added since the first check.
        _check_folder(folder)
    print(
        f"{folder.name}: {manifest.n_models} models, {manifest.n_texts} texts, "
        f"{manifest.n_withheld} of them withheld by licence"
    )
    if repo is not None:
        _push(folder, repo)


def _check_folder(folder: Path) -> None:
    """Raise UserError unless the folder is missing, empty, or a bundle without other files."""
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder.name} is a file: choose another folder")
    entries = sorted(folder.iterdir()) if folder.exists() else []
    others = [p.name for p in entries if p.name not in FILES or p.is_symlink() or not p.is_file()]
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


def _check_agreement(layout: Layout, manifest: Manifest, texts: pd.DataFrame) -> None:
    """Raise UserError unless the tables in data/ belong together.

    `texts` has the columns of BUNDLE_TEXTS, with no text withheld.
    """
    matrix = read_matrix(layout.matrix)
    check_text_set(texts["text"], matrix.text_set)
    models, plan = read_table(layout.models, MODELS), read_table(layout.plan, PLAN)
    tables = Bundle(manifest, texts, matrix, models, plan, read_table(layout.map, MAP))
    wrong = disagreements(tables)
    if wrong:
        raise UserError(f"tables in data/ do not belong together: {listed(wrong)}; run `dvc repro`")


def _manifest(
    layout: Layout, matrix: LogLikelihoods, texts: pd.DataFrame, values: str, folder: Path
) -> Manifest:
    """Return the manifest. `texts` are those of the bundle, whose tables are in `folder`."""
    corpus = read_section(layout, "corpus", CorpusSettings)
    content = {
        "format": FORMAT,
        "values": values,
        "unit": "nats",
        "n_models": len(matrix.models),
        "n_texts": matrix.n_texts,
        "n_withheld": int(texts["withheld"].sum()),
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
        "sha256": table_digests(folder),
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
