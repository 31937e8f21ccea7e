"""The study few_texts: a model on some texts is scored on all, beside the models of the matrix."""

import json

import numpy as np
import pytest
import yaml
from helpers.score_project import N_TEXTS, ScoringProject

from modelmap.divergence import stage as divergence
from modelmap.matrix import stage as matrix
from modelmap.matrix.file import read_matrix
from modelmap.models.file import read_roster, roster_text
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_csv
from modelmap.score import stage as score
from modelmap.score.store import read_scores
from modelmap.studies.few_texts import stage
from modelmap.studies.few_texts.tables import FEW_TEXTS

SECTIONS = {
    "score": {"rule": "own"},
    "plan": {"seed": 1},
    "matrix": {"clip_quantile": 0.02},
    "imported": {"data": None},
    "texts": {"n_texts": "all", "seed": 1, "shares": None},
    "divergence": {
        "estimate": "mixture",
        "n_neighbours": 1,
        "linkage": "average",
        "confidence": 0.95,
    },
    "few_texts": {"seed": 1, "kinds": ["pretrained"], "n_samples": 4, "sizes": [10, 500]},
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """Return a project of two models on all texts, and a pretrained one on twenty."""
    made = ScoringProject(tmp_path_factory.mktemp("few"))
    layout = made.layout
    layout.resolved.write_text(yaml.safe_dump(SECTIONS))
    one, two, three = read_roster(layout.roster)
    pretrained = three.model_copy(update={"kind": "pretrained", "texts": 20})
    layout.roster.write_text(roster_text([one, two, pretrained]))
    score.run(layout)
    matrix.run(layout)
    divergence.run(layout)
    stage.run(layout)
    return layout


def test_the_model_is_scored_on_all_texts_beside_the_scores_of_the_pipeline(
    project: Layout,
) -> None:
    """Those of data/scores stay as they are; on the common texts both agree."""
    few, _ = read_scores(project.scores / "three.parquet")
    everything, _ = read_scores(project.few_texts / "three.parquet")
    assert (len(few), len(everything)) == (20, N_TEXTS)
    both = few.merge(everything, on="text_id", suffixes=("", "_all"))
    np.testing.assert_allclose(both["loglik_nats"], both["loglik_nats_all"], atol=1e-3)
    assert read_matrix(project.matrix).models == ["one", "two"]


def test_sizes_below_the_number_of_texts_are_compared(project: Layout) -> None:
    """Of 10 and 500 texts, with 120 in all, only the first."""
    table = read_csv(project.study("few_texts", "csv"), FEW_TEXTS)
    assert set(table["d"]) == {10}
    assert set(table["model"]) == {"three"}
    summary = json.loads(project.study("few_texts", "json").read_text())
    assert set(summary["models"]["three"]["error_by_texts"]) == {"10"}


def test_without_such_models_the_study_says_so(project: Layout) -> None:
    """The table is empty."""
    before = project.resolved.read_text()
    project.resolved.write_text(before.replace("pretrained", "merge"))
    stage.run(project)
    project.resolved.write_text(before)
    assert read_csv(project.study("few_texts", "csv"), FEW_TEXTS).empty
    summary = json.loads(project.study("few_texts", "json").read_text())
    assert summary["skipped"] == "needs models of kind merge, and two others on all texts"
