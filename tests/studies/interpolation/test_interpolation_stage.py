"""The study interpolation on a tiny model that takes the place of a pretrained one."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import yaml
from helpers.score_project import text_table
from helpers.tiny_models import tiny_model, tiny_tokenizer
from safetensors.torch import save_file

from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_csv, write_table
from modelmap.studies.interpolation import stage
from modelmap.studies.interpolation.tables import INTERPOLATION
from modelmap.texts.tables import TEXTS
from modelmap.zoo.recipes import CHANGED

RUN = {"steps": 1, "batch_size": 1, "sequence_length": 8, "learning_rate": 0.1, "warmup_steps": 0}
BASE = {"name": "real", "source": "hub", "location": "real", "family": "real", "kind": "pretrained"}
PRETRAINED = {"base": BASE, "finetuning": RUN, "trained_layers": 1, "finetunes": ["code", "bible"]}


def project(root: Path, zoo: dict[str, Any]) -> Layout:
    """Return a project whose fine-tunes differ from the base in one norm."""
    layout = Layout(root)
    sections = {
        "score": {"rule": "own"},
        "plan": {"seed": 1},
        "zoo": {"seed": 1, **zoo},
        "interpolation": {"seed": 1, "n_texts": 6, "n_bootstrap": 100, "weights": [0.0, 1.0]},
    }
    layout.resolved.write_text(yaml.safe_dump(sections))
    write_table(text_table(20), TEXTS, layout.texts)
    model = tiny_model("llama")
    model.save_pretrained(root / "base")
    tiny_tokenizer(add_bos=True).save_pretrained(root / "base")
    name = "model.layers.1.input_layernorm.weight"
    for place, category in enumerate(("code", "bible")):
        changed = model.state_dict()[name].clone()
        changed[place] += 1.0
        folder = layout.zoo / f"real-{category}"
        folder.mkdir(parents=True)
        save_file({name: changed}, folder / CHANGED)
    return layout


@pytest.fixture
def made_here(
    monkeypatch: pytest.MonkeyPatch, in_this_process: Callable[[ModuleType], None]
) -> None:
    """Let the study find the base in its directory, and compute in this process."""
    monkeypatch.setattr(stage, "revisions", lambda spec, layout: ("0" * 64, ""))
    monkeypatch.setattr(stage, "prepared_directory", lambda _, __, layout: layout.root / "base")
    in_this_process(stage)


def run(layout: Layout) -> dict[str, Any]:
    """Run the study, and return its summary."""
    stage.run(layout)
    content: dict[str, Any] = json.loads(layout.study("interpolation", "json").read_text())
    return content


@pytest.mark.usefixtures("made_here")
def test_corners_are_where_their_weights_say(tmp_path: Path) -> None:
    """On both levels; the fourth model is off the plane, but small changes add up nearly."""
    layout = project(tmp_path, {"pretrained": PRETRAINED})
    summary = run(layout)
    assert (summary["base"], summary["finetunes"]) == ("real", ["code", "bible"])
    assert summary["n_models"] == {"all": 4, "within_triangle": 3}
    table = read_csv(layout.study("interpolation", "csv"), INTERPOLATION)
    assert len(table) == 8
    corners = table[table["a"] + table["b"] < 2]
    for axis in ("x", "y"):
        np.testing.assert_allclose(
            corners[f"{axis}_nats"], corners[f"expected_{axis}_nats"], atol=1e-6
        )
    assert corners["off_plane_nats"].max() < 1e-6
    assert table["off_plane_nats"].max() > 1e-4
    bits = table.groupby(["a", "b"])["bits_per_byte"].nunique()
    assert (bits == 1).all()
    found = summary["shares_of_variance"]["text"]["all"]
    assert found["plane"]["share"] <= found["components"]["share"] <= 1


@pytest.mark.usefixtures("made_here")
def test_without_a_pretrained_model_the_study_says_so(tmp_path: Path) -> None:
    """The table is empty."""
    layout = project(tmp_path, {})
    summary = run(layout)
    assert summary == {"skipped": "needs a pretrained model of the zoo with two fine-tunes"}
    assert read_csv(layout.study("interpolation", "csv"), INTERPOLATION).empty
