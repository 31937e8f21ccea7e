"""The study on a small project: what it writes, and that it writes the same again."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from helpers import ROOT
from helpers.local_hardware import set_workers

from modelmap.divergence.mixture import mixture_estimates
from modelmap.divergence.standard_error import stratified_documents
from modelmap.matrix.file import LogLikelihoods, write_matrix
from modelmap.matrix.segments import segment_table
from modelmap.matrix.segments_file import read_segments, write_segments
from modelmap.matrix.tables import SEGMENTS
from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import checked
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_csv, read_table, write_table
from modelmap.studies.coverage import stage
from modelmap.studies.coverage.settings import CoverageSettings
from modelmap.studies.coverage.tables import COVERAGE
from modelmap.texts.tables import TEXTS
from modelmap.texts.text_set import text_set_hash

SETTINGS = {
    "seed": 1,
    "n_populations": 4,
    "copies": 20,
    "n_replications": 2000,
    "max_pairs": 5,
    "part_shares": [0.025, 0.25],
}


def project(root: Path, values: Matrix, estimate: str = "mixture") -> Layout:
    """Return a project of models on forty texts of sixteen documents in two categories.

    `values` are log-likelihoods of texts, shape (K, 40). The first segment of each text is not
    scored under the last model.
    """
    layout = Layout(root)
    shutil.copytree(ROOT / "conf", layout.conf, ignore=shutil.ignore_patterns("local"))
    set_workers(layout, 1)
    texts = pd.DataFrame({"text_id": range(40), "text": [f"Text {i}." for i in range(40)]})
    for column in ("source", "source_version", "source_path"):
        texts[column] = ""
    owner = np.arange(40) % 16
    texts["category"] = np.where(owner % 2, "odd", "even")
    texts["document_id"] = [f"d{number}" for number in owner]
    texts["chunk_index"], texts["n_bytes"] = 0, 900
    write_table(texts[list(TEXTS.columns)], TEXTS, layout.texts)
    names = [f"m{i}" for i in range(len(values))]
    matrix = LogLikelihoods(values, names, -9999.0, 900.0, text_set_hash(texts["text"]))
    write_matrix(matrix, layout.matrix)
    table = segment_table(texts)
    write_table(table, SEGMENTS, layout.segment_table)
    rows = (values[:, table["text_id"]] / 50).astype(np.float32)
    rows[-1, table["segment"] == 0] = np.nan
    write_segments(rows, names, len(table), matrix.text_set, layout.segments)
    settings = {
        "texts": {"n_texts": 40, "seed": 1, "shares": {"odd": 0.5, "even": 0.5}},
        "divergence": {
            "estimate": estimate,
            "n_neighbours": 1,
            "linkage": "average",
            "confidence": 0.95,
        },
        "coverage": SETTINGS,
    }
    layout.resolved.write_text(yaml.safe_dump(settings))
    return layout


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """Return a project that was studied."""
    values = np.random.default_rng(0).normal(-700, 30, (4, 40))
    layout = project(tmp_path_factory.mktemp("coverage"), values)
    stage.run(layout)
    return layout


def test_the_summary_says_which_truth_and_how_it_was_sampled(studied: Layout) -> None:
    """Population, replications, documents, pairs, and three kinds of intervals."""
    metrics = json.loads(studied.study("coverage", "json").read_text())
    assert metrics["intervals_cover"] == "the population of documents the texts come from"
    assert metrics["estimate"] == "mixture"
    assert metrics["truth"].startswith("the KL over finite populations")
    numbers = {
        "n_replications": 2000,
        "n_documents": 16,
        "n_documents_of_a_population": 320,
        "n_strata": 2,
        "n_pairs": 5,
        "n_pairs_of_all_models": 6,
    }
    assert {key: metrics[key] for key in numbers} == numbers
    table = read_csv(studied.study("coverage", "csv"), COVERAGE)
    assert len(table) == 5
    for name in ("coverage", "coverage_normal", "coverage_by_text"):
        assert metrics[name]["median"] == pytest.approx(table[name].median(), abs=2e-4)
        assert metrics[name]["percentile_5"] == pytest.approx(table[name].quantile(0.05), abs=2e-4)
    parts = metrics["scored_on_part_of_the_texts"]
    assert {name: one["n_texts"] for name, one in parts.items()} == {
        "2.5_percent": 2,
        "25_percent": 10,
    }
    failing = (table["coverage"] - 0.95).abs() > 0.02
    assert len(metrics["failing_pairs"]) == failing.sum()


def test_the_table_has_the_estimate(studied: Layout) -> None:
    """The mixture's from all texts, where one of the models has no first segments too."""
    table = read_csv(studied.study("coverage", "csv"), COVERAGE)
    segments = read_segments(studied.segments, studied.segment_table)
    documents = stratified_documents(read_table(studied.texts, TEXTS), by_category=True)
    kl = mixture_estimates(segments.loglik_nats, segments.first, segments.n_bytes, documents).kl
    assert "m3" in table["model_b"].tolist()
    for row in table.itertuples():
        expected = kl[int(row.model_a[1:]), int(row.model_b[1:])]
        assert row.kl_bits_per_byte == pytest.approx(expected, rel=1e-3)


def test_the_papers_estimate_is_studied_where_it_is_named(tmp_path: Path) -> None:
    """KL from all texts in bits per byte."""
    values = np.random.default_rng(0).normal(-700, 30, (4, 40))
    layout = project(tmp_path, values, "papers")
    stage.run(layout)
    assert json.loads(layout.study("coverage", "json").read_text())["estimate"] == "papers"
    for row in read_csv(layout.study("coverage", "csv"), COVERAGE).itertuples():
        difference = values[int(row.model_a[1:])] - values[int(row.model_b[1:])]
        kl = difference.var() / 2 / (900 * np.log(2))
        assert row.kl_bits_per_byte == pytest.approx(kl, rel=1e-3)


def test_the_same_inputs_give_the_same_bytes(studied: Layout, tmp_path: Path) -> None:
    """Whatever ran before, and in another folder."""
    values = np.random.default_rng(0).normal(-700, 30, (4, 40))
    again = project(tmp_path / "again", values)
    stage.run(again)
    for ending in ("json", "csv"):
        one, other = (layout.study("coverage", ending) for layout in (studied, again))
        assert one.read_bytes() == other.read_bytes()


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("estimate", ["mixture", "papers"])
@pytest.mark.parametrize("seed", range(3))
def test_samples_in_which_two_models_agree_have_intervals_of_width_0(
    seed: int, estimate: str, tmp_path: Path
) -> None:
    """Their KL is 0 but for rounding errors, and so is its standard error: no ratio of the two."""
    values = np.full((4, 40), -700.0)
    values[0, seed] = -610.0 - 7.1 * seed
    layout = project(tmp_path, values, estimate)
    stage.run(layout)
    widths = read_csv(layout.study("coverage", "csv"), COVERAGE)["mean_width_bits_per_byte"]
    assert widths.between(0, 1e4).all()


@pytest.mark.parametrize(("estimate", "shift"), [("mixture", 0), ("papers", 3)])
def test_pairs_of_identical_models_are_left_out(
    estimate: str, shift: float, tmp_path: Path
) -> None:
    """Between them nothing is estimated. Without other pairs the study is skipped."""
    values = np.random.default_rng(0).normal(-700, 30, (4, 40))
    values[1] = values[0] - shift
    layout = project(tmp_path / "two", values, estimate)
    stage.run(layout)
    pairs = read_csv(layout.study("coverage", "csv"), COVERAGE)[["model_a", "model_b"]]
    assert ["m0", "m1"] not in pairs.to_numpy().tolist()
    layout = project(tmp_path / "all", np.full((4, 40), -700.0), estimate)
    stage.run(layout)
    assert read_csv(layout.study("coverage", "csv"), COVERAGE).empty
    assert json.loads(layout.study("coverage", "json").read_text()) == {
        "skipped": "needs pairs of models that differ, and there are none among those studied"
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_replications": 1999}, "n_replications: Input should be greater than or equal to 2000"),
        ({"n_populations": 3}, "n_replications must be a multiple of n_populations"),
    ],
)
def test_wrong_settings_are_told(change: dict[str, int], message: str) -> None:
    """Fewer replications than the target asks for, and uneven shares."""
    with pytest.raises(UserError, match=message):
        checked(CoverageSettings, {**SETTINGS, **change}, "coverage")
