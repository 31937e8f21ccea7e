"""Experiments: what `dvc exp run -S` changes, and what it leaves."""

import csv
import shutil
from pathlib import Path

import yaml
from dvc.utils.hydra import apply_overrides
from helpers import ROOT
from helpers.shared_project import Clone

FOLLOWING = (
    "zoo",
    "map",
    "stability",
    "resample",
    "plan",
    "kl_truth",
    "coverage",
    "text_count",
    "few_texts",
    "interpolation",
    "leakage",
)


def test_setting_parameters_again_and_again_keeps_every_other_value_and_comment(
    tmp_path: Path,
) -> None:
    """DVC writes the whole file anew each time: no interpolation is there for it to write out."""
    params = Path(shutil.copy(ROOT / "params.yaml", tmp_path))
    text = params.read_text()
    expected = yaml.safe_load(text)
    comments = [line.strip() for line in text.splitlines() if line.strip().startswith("#")]
    for seed in (7, 8):
        apply_overrides(params, [f"seed={seed}", f"texts.seed={seed}"])
    expected["seed"] = expected["texts"]["seed"] = 8
    after = params.read_text()
    assert yaml.safe_load(after) == expected
    assert [line.strip() for line in after.splitlines() if line.strip().startswith("#")] == comments


def test_an_experiment_on_texts_and_seeds_is_run_shown_and_compared(clone: Clone) -> None:
    """The root seed reaches every section that follows it, a section's own stays its own."""
    chosen = ("-S", "seed=7", "-S", "texts.seed=1", "-S", "texts.n_texts=32")
    clone.dvc("exp", "run", "--name", "small", *chosen, "texts")
    resolved = yaml.safe_load((clone.root / "resolved.yaml").read_text())
    assert {resolved[name]["seed"] for name in FOLLOWING} == {7}
    assert resolved["texts"]["seed"] == 1
    shown = csv.DictReader(clone.dvc("exp", "show", "--csv").splitlines())
    column = "reports/metrics/texts.json:n_texts"
    n_texts = {row["Experiment"] or row["rev"]: row[column] for row in shown}
    assert n_texts == {"workspace": "32", "master": "64", "small": "32"}
    compared = clone.dvc("exp", "diff", "master", "small").splitlines()
    assert ["params.yaml", "seed", "42", "7", "-35"] in [line.split() for line in compared]
