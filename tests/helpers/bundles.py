"""Projects with made-up log-likelihoods, and their bundles."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from helpers import ROOT
from helpers.project import link_archives
from modelmap.corpus import stage as corpus_stage
from modelmap.divergence import stage as divergence_stage
from modelmap.map import stage as map_stage
from modelmap.matrix import stage as matrix_stage
from modelmap.matrix.clip_centre import clip_threshold
from modelmap.matrix.file import LogLikelihoods, write_matrix
from modelmap.matrix.segments import segment_table
from modelmap.matrix.segments_file import write_segments
from modelmap.matrix.tables import MODELS, SEGMENTS
from modelmap.plan import stage as plan_stage
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import write_json
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_table, write_table
from modelmap.published import exporting, importing
from modelmap.published.manifest import described_files
from modelmap.published.request import Request
from modelmap.resolve import stage as resolve_stage
from modelmap.texts import stage as texts_stage
from modelmap.texts.tables import TEXTS
from modelmap.texts.text_set import text_set_hash

NAMES = ["a", "org/b", "c", "d"]
N_SEGMENT_TEXTS = 16
"""The number of texts whose segments the bundle of `exported` has, of 64."""
ANALYSIS = (divergence_stage, map_stage, plan_stage)


def project(root: Path, experiment: str, **sections: dict[str, Any]) -> Layout:
    """Return a project of this configuration, set to an experiment, with some keys changed."""
    shutil.copytree(ROOT / "conf", root / "conf", ignore=shutil.ignore_patterns("local"))
    (root / "conf" / "imported.yaml").unlink(missing_ok=True)
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    for name, keys in sections.items():
        params[name].update(keys)
    (root / "params.yaml").write_text(yaml.safe_dump({**params, "experiment": experiment}))
    link_archives(root)
    return Layout(root)


def run_stages(layout: Layout) -> None:
    """Run the stages that bring an import into the pipeline, up to the matrix."""
    for stage in (resolve_stage, corpus_stage, texts_stage, matrix_stage):
        stage.run(layout)


def make_up_scores(layout: Layout) -> None:
    """Write made-up log-likelihoods and a table of models for the texts that are there."""
    texts = read_table(layout.texts, TEXTS)
    table = segment_table(texts)
    first = np.flatnonzero(table["segment"] == 0)
    segments = -np.random.default_rng(0).gamma(1, 3, (len(NAMES), len(table))).astype(np.float32)
    values = np.add.reduceat(segments, first, axis=1, dtype=np.float64)
    # This model has no BOS, so that it does not score the whole of the first segments.
    segments[NAMES.index("org/b"), first] = np.nan
    mean_bytes, text_set = float(texts["n_bytes"].mean()), text_set_hash(texts["text"])
    write_table(table, SEGMENTS, layout.segment_table)
    write_segments(segments, NAMES, len(table), text_set, layout.segments)
    clip = clip_threshold(values, 0.02)
    write_matrix(LogLikelihoods(values, NAMES, clip, mean_bytes, text_set), layout.matrix)
    models = {
        "model": NAMES,
        "family": "f",
        "parent": [None, "a", "a", None],
        "kind": "base",
        "created": [None, "2024-01-02", None, None],
        "n_params": 1000,
        "dtype": "float32",
        "revision": "0" * 64,
        "added_bos": True,
        "n_texts": len(texts),
    }
    frame = pd.DataFrame(models).astype({"parent": "str", "created": "str"})
    write_table(frame, MODELS, layout.models)


def exported_project(root: Path) -> Layout:
    """Return a project of embedded texts, half of them withheld, and its bundle."""
    layout = project(root, "micro")
    for stage in (resolve_stage, corpus_stage, texts_stage):
        stage.run(layout)
    make_up_scores(layout)
    for stage in ANALYSIS:
        stage.run(layout)
    exporting.run(layout, None, None, N_SEGMENT_TEXTS)
    return layout


def bring(layout: Layout, source: Path, texts: Path | None = None) -> None:
    """Import a bundle."""
    importing.run(layout, Request(source, texts, None, False))


def told_by(layout: Layout, source: Path) -> str:
    """Return the one line that a bundle is refused with; nothing is written."""
    with pytest.raises(UserError) as caught:
        bring(layout, source)
    assert not layout.import_record.exists()
    assert not layout.imported.exists()
    return str(caught.value)


def signed(bundle: Path, **changes: object) -> Path:
    """Change keys of a bundle's manifest, and give it the digests and sizes of its files."""
    manifest = json.loads((bundle / "manifest.json").read_text())
    content = {**manifest, **changes, **described_files(bundle)}
    write_json(bundle / "manifest.json", content)
    return bundle
