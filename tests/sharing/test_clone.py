"""What a colleague does with a fresh clone and a remote."""

import os
import tomllib
from pathlib import Path

from helpers.shared_project import Clone

from modelmap.plumbing.layout import Layout

MINE = "{source: directory, location: data/models/mine, family: llama, kind: base}"


ABSENT = """\
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Absent())
"""


def without(extra: str, folder: Path, clone: Clone) -> dict[str, str]:
    """Return an environment in which nothing of an extra can be imported."""
    listed = tomllib.loads((clone.root / "pyproject.toml").read_text())["project"]
    names = {
        name.split(">=")[0].replace("-", "_") for name in listed["optional-dependencies"][extra]
    }
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(ABSENT.format(names=names))
    return {"PYTHONPATH": f"{folder}{os.pathsep}{clone.root / 'src'}"}


def test_after_dvc_pull_there_is_nothing_to_run(clone: Clone) -> None:
    """`dvc pull`, then `dvc repro`: every stage is as it was pushed."""
    clone.dvc("pull", "dvc.yaml")
    assert clone.stages_run() == set()
    assert len(list(Layout(clone.root).scores.glob("*.parquet"))) == 12


def test_the_analysis_runs_from_the_matrix_without_torch(clone: Clone, tmp_path: Path) -> None:
    """With data/matrix.parquet alone, an edit runs what it touches: no model, score or torch."""
    bare = without("score", tmp_path / "bare", clone)
    assert clone.run("python", "-c", "import torch", **bare).returncode == 1
    clone.dvc("pull", "data/matrix.parquet", **bare)
    clone.edit("params.yaml", r"size_measure: uniform", "size_measure: ls")
    ran = clone.stages_run("--pull", "--allow-missing", **bare)
    assert ran == {"resolve", "plan", "page", "figures", "report"}
    layout = Layout(clone.root)
    assert (layout.figures / "svg" / "model_map.svg").is_file()
    assert not layout.scores.exists()
    assert not layout.zoo.exists()


def test_a_model_added_to_pulled_scores_is_the_only_one_scored(clone: Clone) -> None:
    """`dvc pull data/scores`, then a new model: the others' scores stay the same bytes.

    Texts and zoo stay as they are. Without the model again, nothing is scored, and its scores stay
    in the store.
    """
    from helpers.tiny_models import tiny_model, tiny_tokenizer

    layout = Layout(clone.root)
    clone.dvc("pull", "data/scores")
    before = {path.name: path.read_bytes() for path in layout.scores.glob("*.parquet")}
    mine = clone.root / "data/models/mine"
    tiny_model("llama").save_pretrained(mine)
    tiny_tokenizer(add_bos=True).save_pretrained(mine)
    clone.edit("conf/models/micro.yaml", r"^models:$", f"models:\n  mine: {MINE}")
    assert clone.stages_run("--pull", "--allow-missing", "score") == {"resolve", "score"}
    after = {path.name: path.read_bytes() for path in layout.scores.glob("*.parquet")}
    assert set(after) - set(before) == {"mine.parquet"}
    assert before.items() <= after.items()
    stored = clone.stored_scores()
    clone.edit("conf/models/micro.yaml", r"^  mine: .*\n", "")
    clone.repro("--pull", "--allow-missing", "score")
    assert {path.name: path.read_bytes() for path in layout.scores.glob("*.parquet")} == before
    assert clone.stored_scores() == stored
