"""The whole pipeline, small: what runs, what is the same when it runs again, and what fails.

One copy serves all tests, in the order they stand: the first runs everything, each later one
starts from what the one before left.
"""

import json
import shutil
from collections.abc import Iterator

import pytest
from helpers.project import Project

FIRST = {"resolve", "texts", "zoo", "score", "matrix", "divergence", "map"}
LATER = {"resample", "order", "stability", "new_models", "predict", "figures"}
MINE = "{source: directory, location: data/models/mine, family: llama, kind: base}"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Yield one micro project that has been run once."""
    made = Project(tmp_path_factory.mktemp("micro"))
    made.repro()
    yield made
    shutil.rmtree(made.root)


def test_one_command_draws_the_map(project: Project) -> None:
    """`dvc repro` makes every stage's outputs: 12 models of 3 families on 64 texts."""
    assert set(project.lock()) == FIRST | LATER
    matrix = json.loads((project.root / "reports/metrics/matrix.json").read_text())
    assert (matrix["n_models"], matrix["n_families"], matrix["n_texts"]) == (12, 3, 64)
    index = json.loads((project.root / "reports/figures/index.json").read_text())
    assert "model_map" in {figure["name"] for figure in index["figures"]}


def test_a_second_run_does_nothing(project: Project) -> None:
    """The second `dvc repro` runs no stage and changes no byte."""
    before = project.outputs()
    told = project.repro()
    assert "Running stage" not in told
    assert project.outputs() == before


def test_everything_made_again_is_the_same_bytes(project: Project) -> None:
    """With outputs, scores and store gone, a forced run gives the same lock and the same files."""
    before, lock = project.outputs(), project.lock()
    shutil.rmtree(project.root / ".modelmap")
    shutil.rmtree(project.root / "data" / "scores")
    project.repro("--force", "map")
    assert project.lock() == lock
    after = project.outputs()
    assert {name for name in before if after.get(name) != before[name]} == set()


def test_a_models_extra_needs_no_new_texts_and_no_new_zoo(project: Project) -> None:
    """Adding a model scores that one model; texts and zoo stay."""
    shutil.copytree(project.root / "data/zoo/llama", project.root / "data/models/mine")
    weights = project.root / "data/models/mine/recipe.json"
    weights.write_text(weights.read_text() + "\n")
    lock, stored = project.lock(), project.stored_scores()
    project.edit(
        "conf/models/zoo-only.yaml",
        r"^models: \{\}",
        f"models: {{mine: {MINE}}}",
    )
    project.repro("score")
    assert project.stages_changed_since(lock) == {"resolve", "score"}
    assert len(project.stored_scores() - stored) == 1


def test_taking_a_model_away_again_scores_nothing(project: Project) -> None:
    """Its score file goes, its scores stay in the store."""
    stored = project.stored_scores()
    project.edit("conf/models/zoo-only.yaml", r"^models: .*mine.*", "models: {}")
    project.repro("score")
    assert not (project.root / "data/scores/mine.parquet").exists()
    assert project.stored_scores() == stored


def test_a_failed_stage_says_how_to_get_earlier_results_back(project: Project) -> None:
    """One line names what is wrong and the way back; the exit is not zero."""
    project.edit("conf/experiment/micro.yaml", r"n_texts: 64", "n_texts: 100000")
    failed = project.run("dvc", "repro")
    assert failed.returncode != 0
    told = [line for line in failed.stderr.splitlines() if line.startswith("modelmap run texts:")]
    assert len(told) == 1
    for part in ("too few texts", "news", "bible", "dvc checkout", "git checkout -- reports"):
        assert part in told[0]
    assert "Traceback" not in failed.stderr
    assert project.run("dvc", "checkout").returncode == 0
    assert (project.root / "data/texts.parquet").exists()
