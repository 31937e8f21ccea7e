"""The whole pipeline, small: what runs, what is the same when it runs again, and what fails."""

import json
import shutil
from importlib import import_module

from helpers.shared_project import Owner

from modelmap.plumbing.layout import Layout

TO_MAP = ("resolve", "corpus", "texts", "zoo", "score", "matrix", "divergence", "map")
AFTER_MAP = (
    *("resample", "plan", "stability", "new_models", "predict"),
    *("page", "figures", "report"),
)


def test_one_command_draws_the_map(micro: Owner) -> None:
    """`dvc repro` makes every stage's outputs: 12 models of 3 families on 64 texts."""
    assert set(micro.lock()) == {*TO_MAP, *AFTER_MAP}
    matrix = json.loads((micro.root / "reports/metrics/matrix.json").read_text())
    assert (matrix["n_models"], matrix["n_families"], matrix["n_texts"]) == (12, 3, 64)
    index = json.loads((micro.root / "reports/figures/index.json").read_text())
    assert "model_map" in {figure["name"] for figure in index["figures"]}


def test_a_second_run_does_nothing(owner: Owner) -> None:
    """The second `dvc repro` runs no stage and changes no byte."""
    before = owner.outputs()
    assert owner.stages_run() == set()
    assert owner.outputs() == before


def test_everything_made_again_is_the_same_bytes(owner: Owner) -> None:
    """With outputs, scores and store gone, the stages up to the map write the same files."""
    layout, before = Layout(owner.root), owner.outputs()
    for folder in (layout.store / "scores", layout.zoo, layout.scores):
        shutil.rmtree(folder)
    for stage in TO_MAP:
        import_module(f"modelmap.{stage}.stage").run(layout)
    after = owner.outputs()
    assert {name for name in before | after if after.get(name) != before.get(name)} == set()


def test_a_failed_stage_says_how_to_get_earlier_results_back(owner: Owner) -> None:
    """One line names what is wrong and how earlier results come back; the exit is not zero."""
    owner.edit("params.yaml", r"(?<=^texts:\n)((?:  #.*\n)*)  n_texts: 64", r"\1  n_texts: 100000")
    failed = owner.run("dvc", "repro")
    assert failed.returncode != 0
    lines = [line for line in failed.stderr.splitlines() if line.startswith("modelmap run texts:")]
    assert len(lines) == 1
    for part in ("too few texts", "news", "bible", "dvc checkout", "git checkout -- reports"):
        assert part in lines[0]
    assert "Traceback" not in failed.stderr
    assert owner.run("dvc", "checkout").returncode == 0
    assert (owner.root / "data/texts.parquet").exists()
