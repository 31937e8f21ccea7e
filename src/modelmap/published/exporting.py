"""`modelmap export`: the map's tables as a bundle that others can import, or a hub can show."""

import shutil
from pathlib import Path

import pandas as pd

from modelmap.corpus.settings import CorpusSettings
from modelmap.map.file import read_places
from modelmap.matrix.file import LogLikelihoods, read_matrix
from modelmap.matrix.tables import MODELS
from modelmap.models.hub import hub_errors, hub_problem
from modelmap.plan.tables import PLAN
from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import checked, read_yaml, write_text
from modelmap.plumbing.folders import replaced
from modelmap.plumbing.imported import ImportedSection
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import read_table, write_table
from modelmap.published.card import LICENCES, card, terms
from modelmap.published.licences import UNKNOWN, Licences, licence_table, licensed_texts
from modelmap.published.manifest import (
    FORMAT,
    MANIFEST,
    TABLES,
    Manifest,
    table_digests,
    write_manifest,
)
from modelmap.published.tables import BUNDLE_TEXTS
from modelmap.texts.settings import TextsSettings
from modelmap.texts.tables import TEXTS
from modelmap.texts.text_set import check_text_set

ANALYSIS = {
    "matrix": ("clip_quantile",),
    "map": ("seed", "metric", "algorithm", "early_exaggeration", "max_perplexity", "max_iter"),
    "plan": ("seed", "size_measure", "even_share"),
}
"""The settings that plan and map depend on."""


def run(layout: Layout, output: Path | None, repo: str | None) -> None:
    """Write a bundle, replacing an earlier one, and push it to a hub's data set if one is named.

    Raises UserError if tables are missing or do not belong together, if the folder holds
    something else, or if the hub does not take it.
    """
    folder = (output or layout.bundle).resolve()
    _check_folder(folder)
    matrix = read_matrix(layout.matrix)
    texts = read_table(layout.texts, TEXTS)
    _check_together(layout, matrix, texts)
    licences = checked(Licences, read_yaml(layout.licences), "conf/licences.yaml")
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
        write_manifest(manifest, fresh)
        write_text(fresh / "README.md", card(manifest, licences.values[values]))
        write_text(fresh / LICENCES, terms(licence_table(bundled), licences.values[values]))
    print(
        f"{folder.name}: {manifest.n_models} models, {manifest.n_texts} texts, "
        f"{manifest.n_withheld} of them withheld by licence"
    )
    if repo is not None:
        _push(folder, repo)


def _check_folder(folder: Path) -> None:
    if folder.exists() and not (folder / MANIFEST).is_file() and any(folder.iterdir()):
        raise UserError(f"{folder.name} holds something else than a bundle: choose another folder")


def _check_together(layout: Layout, matrix: LogLikelihoods, texts: pd.DataFrame) -> None:
    check_text_set(texts["text"], matrix.text_set)
    models = list(read_table(layout.models, MODELS)["model"])
    strangers = [
        name
        for name, fits in {
            "models.parquet": models == matrix.models,
            "plan.parquet": len(read_table(layout.plan, PLAN)) == matrix.n_texts,
        }.items()
        if not fits
    ]
    if strangers:
        raise UserError(
            f"of other models or texts than matrix.parquet: {listed(strangers)}; run `dvc repro`"
        )
    read_places(layout.map, matrix.models)


def _manifest(
    layout: Layout, matrix: LogLikelihoods, texts: pd.DataFrame, values: str, folder: Path
) -> Manifest:
    corpus = read_section(layout, "corpus", CorpusSettings)
    resolved = read_yaml(layout.resolved)
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
            section: {key: resolved[section][key] for key in keys}
            for section, keys in ANALYSIS.items()
        },
        "sha256": table_digests(folder),
    }
    return Manifest.model_validate(content)


def _push(folder: Path, repo: str) -> None:
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
