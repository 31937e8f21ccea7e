"""The whole pipeline, small: what runs, what runs again, and what an edit touches.

One copy serves all tests, in the order they stand: the first runs everything, each later one
starts from what the one before left.
"""

import json
import shutil
from collections.abc import Iterator

import pytest
from project import Project

RESAMPLING = {"resample", "order", "stability", "newcomers", "predict"}
TO_MAP = {"matrix", "divergence", "map"}
FROM_MATRIX = TO_MAP | {"figures"} | RESAMPLING
ALL = {"resolve", "texts", "zoo", "score"} | FROM_MATRIX
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
    assert set(project.lock()) == ALL
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
    project.repro("map")
    assert project.stages_changed_since(lock) == {"resolve", "score"} | TO_MAP
    assert len(project.stored_scores() - stored) == 1


def test_taking_a_model_away_again_scores_nothing(project: Project) -> None:
    """Its score file goes, its scores stay in the store."""
    stored = project.stored_scores()
    project.edit("conf/models/zoo-only.yaml", r"^models: .*mine.*", "models: {}")
    project.repro("map")
    assert not (project.root / "data/scores/mine.parquet").exists()
    assert project.stored_scores() == stored


@pytest.mark.parametrize(
    ("pattern", "replacement", "stages"),
    [
        (r"png_dpi: \d+", "png_dpi: 60", {"figures"}),
        (
            r"max_perplexity: \d+",
            "max_perplexity: 2",
            {"map", "stability", "newcomers", "figures"},
        ),
        (r"size_measure: relative", "size_measure: ls", {"order", "figures"}),
        (r"n_neighbours: \d+", "n_neighbours: 3", {"divergence"}),
    ],
)
def test_an_analysis_parameter_re_runs_its_stage_and_what_follows(
    project: Project, pattern: str, replacement: str, stages: set[str]
) -> None:
    """Each key of params.yaml reaches the stages that read it, and those alone."""
    lock = project.lock()
    project.edit("params.yaml", pattern, replacement)
    project.repro()
    assert project.stages_changed_since(lock) == {"resolve"} | stages


def test_the_clip_quantile_re_runs_the_matrix_and_what_follows(project: Project) -> None:
    """What lies between the matrix and the map; the other stages read the matrix too."""
    lock = project.lock()
    project.edit("params.yaml", r"clip_quantile: [\d.]+", "clip_quantile: 0.05")
    project.repro("map")
    assert project.stages_changed_since(lock) == {"resolve"} | TO_MAP


def test_the_sampling_seed_and_the_number_of_texts_retrain_nothing(project: Project) -> None:
    """Other texts are scored again, by the same zoo."""
    lock = project.lock()
    project.edit("params.yaml", r"(?<=trains nothing again\.\n)  seed: root", "  seed: 7")
    project.edit("conf/experiment/micro.yaml", r"n_texts: 64", "n_texts: 48")
    project.repro("map")
    assert project.stages_changed_since(lock) == {"resolve", "texts", "score"} | TO_MAP


def test_a_comment_in_an_analysis_module_re_runs_its_stages_alone(project: Project) -> None:
    """Code is a dependency of the stages that import it; equal outputs stop there."""
    lock = project.lock()
    project.append("src/modelmap/maps/quality.py", "\n# a comment\n")
    project.repro("map")
    assert project.stages_changed_since(lock) == {"map"}


def test_a_comment_in_the_scorer_re_runs_nothing_and_its_version_re_scores_all(
    project: Project,
) -> None:
    """SCORER_VERSION, raised by hand, stands for the scorer's code."""
    lock, stored = project.lock(), project.stored_scores()
    project.append("src/modelmap/scoring/loglik.py", "\n# a comment\n")
    assert "Running stage" not in project.repro("map")
    project.edit("src/modelmap/scoring/version.py", r"SCORER_VERSION = \d+", "SCORER_VERSION = 99")
    project.repro("map")
    assert project.stages_changed_since(lock) == {"score", "matrix"}
    assert len(project.stored_scores() - stored) == 12


@pytest.mark.parametrize(
    "file", ["conf/hardware/cpu.yaml", "conf/hardware.yaml", "conf/local/default.yaml"]
)
def test_hardware_changes_nothing(project: Project, file: str) -> None:
    """Device, workers and batch budget are no dependency of anything."""
    lock = project.lock()
    text = "# @package _global_\nhardware:\n  workers: 1\n" if "local" in file else "# a comment\n"
    project.append(file, text)
    assert "Running stage" not in project.repro("map")
    assert project.stages_changed_since(lock) == set()


def test_a_failed_stage_says_how_to_get_earlier_results_back(project: Project) -> None:
    """One line names what is wrong and the way back; the exit is not zero."""
    project.edit("conf/experiment/micro.yaml", r"n_texts: 48", "n_texts: 100000")
    failed = project.run("dvc", "repro")
    assert failed.returncode != 0
    told = [line for line in failed.stderr.splitlines() if line.startswith("modelmap texts:")]
    assert len(told) == 1
    for part in ("too few texts", "news", "bible", "dvc checkout", "git checkout -- reports"):
        assert part in told[0]
    assert "Traceback" not in failed.stderr
    assert project.run("dvc", "checkout").returncode == 0
    assert (project.root / "data/texts.parquet").exists()
