"""The stage: which files it writes, which figures it skips, what a failure leaves."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from helpers.figure_tables import made_up_inputs
from helpers.resampling_tables import made_up_resampling, write_resampling

from modelmap.divergence.tables import CLUSTERS, KL
from modelmap.figures import pca_spectrum, stage
from modelmap.figures.inputs import Inputs
from modelmap.map.tables import MAP, SPECTRUM
from modelmap.matrix.file import LogLikelihoods, write_matrix
from modelmap.matrix.tables import CATEGORY_BITS, MODELS
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import write_table

ALL = [
    "model_map",
    "kl_heatmap",
    "category_bits",
    "pca_spectrum",
    "resample_errors",
    "designs",
    "map_stability",
    "new_models",
    "prediction_curves",
    "prediction_rank_curves",
    "prediction_scatter",
]
SECTIONS = {
    "figures": {"formats": ["svg", "png"], "png_dpi": 60},
    "map": {
        "seed": 1,
        "metric": "euclidean",
        "algorithm": "exact",
        "early_exaggeration": 4,
        "max_perplexity": 30,
        "max_iter": 250,
        "n_near": 5,
    },
    "resample": {"n_runs": 5, "seed": 1, "n_design_runs": 5, "unique_shares": [0.3, 0.6]},
    "stability": {
        "seed": 1,
        "n_runs": 5,
        "max_iter": 250,
        "settings": [{"method": "uniform", "draws": 1.0}],
    },
    "predict": {
        "targets": "held-out categories",
        "split_seeds": [0, 1],
        "score_alphas": [1],
        "loglik_alphas": [1],
        "sizes": [100],
    },
}


def project(root: Path, inputs: Inputs) -> Layout:
    """Return a project with these tables."""
    layout = Layout(root)
    layout.resolved.write_text(yaml.safe_dump(SECTIONS))
    names = list(inputs.models["model"])
    values = np.zeros((len(names), inputs.n_texts))
    write_matrix(LogLikelihoods(values, names, -1.0, inputs.mean_bytes, "made up"), layout.matrix)
    write_table(inputs.models, MODELS, layout.models)
    write_table(inputs.category_bits, CATEGORY_BITS, layout.category_bits)
    write_table(inputs.kl, KL, layout.kl)
    write_table(inputs.clusters, CLUSTERS, layout.clusters)
    write_table(inputs.places, MAP, layout.map)
    write_table(inputs.spectrum, SPECTRUM, layout.spectrum)
    write_resampling(made_up_resampling(inputs), layout)
    return layout


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file's bytes."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("family_sizes", [{"a": 4}, {"a": 5, "b": 4, "c": 3}])
def test_every_figure_is_drawn_and_indexed(tmp_path: Path, family_sizes: dict[str, int]) -> None:
    """With four models of one family, and with twelve of three: each in every format."""
    layout = project(tmp_path, made_up_inputs(family_sizes, ["x", "y"]))
    stage.run(layout)
    index = json.loads((layout.figures / "index.json").read_text())
    assert [entry["name"] for entry in index["figures"]] == ALL
    assert index["skipped"] == []
    listed = {file for entry in index["figures"] for file in entry["files"]}
    assert {path.name for path in layout.figures.iterdir()} == listed | {"index.json"}
    assert all(entry["caption"].endswith(".") for entry in index["figures"])


def test_drawing_twice_gives_the_same_bytes_with_text_as_text(tmp_path: Path) -> None:
    """No date, no version, no random ids; names in an SVG file can be searched for."""
    layout = project(tmp_path, made_up_inputs({"alpaca": 4}, ["x", "y"]))
    layout.figures.mkdir(parents=True)
    (layout.figures / "old.svg").touch()
    stage.run(layout)
    first = contents(layout.figures)
    stage.run(layout)
    assert contents(layout.figures) == first
    assert len(first) == 2 * len(ALL) + 1
    assert b">alpaca-1</text>" in first["kl_heatmap.svg"]
    assert not any(b"dc:date" in content for content in first.values())
    assert max(map(len, first.values())) < 100_000


def test_figures_that_need_more_are_skipped_with_the_reason(tmp_path: Path) -> None:
    """One category of texts, and one component: two figures remain."""
    inputs = made_up_inputs({"a": 4}, ["x"])
    spectrum = inputs.spectrum.assign(variance_share=[1.0, 0.0, 0.0], cumulative_share=1.0)
    layout = project(tmp_path, dataclasses.replace(inputs, spectrum=spectrum))
    stage.run(layout)
    index = json.loads((layout.figures / "index.json").read_text())
    reasons = {entry["name"]: entry["reason"] for entry in index["skipped"]}
    assert set(reasons) == {"category_bits", "pca_spectrum"}
    assert "2 categories" in reasons["category_bits"]
    assert not (layout.figures / "category_bits.svg").exists()


def test_a_failure_leaves_the_earlier_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is replaced whole at the end, and nothing else is left beside it."""
    layout = project(tmp_path, made_up_inputs({"a": 4}, ["x", "y"]))
    layout.figures.mkdir(parents=True)
    (layout.figures / "old.svg").write_text("earlier")

    def fail(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(pca_spectrum, "draw", fail)
    with pytest.raises(OSError, match="no space"):
        stage.run(layout)
    assert contents(layout.figures) == {"old.svg": b"earlier"}
    assert {path.name for path in layout.reports.iterdir()} == {"figures", "plots"}


def test_tables_of_other_models_are_refused_by_name(tmp_path: Path) -> None:
    """A map of an earlier roster is not drawn with the names of a later one."""
    inputs = made_up_inputs({"a": 4}, ["x", "y"])
    stale = inputs.places.replace({"model": {"a-1": "gone"}})
    layout = project(tmp_path, dataclasses.replace(inputs, places=stale))
    with pytest.raises(UserError, match=r"map\.parquet and matrix\.parquet are of different"):
        stage.run(layout)
