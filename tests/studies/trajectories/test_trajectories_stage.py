"""The study trajectories on models that are trained for a few steps."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest
import yaml
from helpers.score_project import text_table

from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_csv, write_table
from modelmap.studies.trajectories import stage
from modelmap.studies.trajectories.tables import TRAJECTORIES
from modelmap.texts.tables import TEXTS

RUN = {"steps": 2, "batch_size": 2, "sequence_length": 8, "learning_rate": 0.01, "warmup_steps": 1}
ZOO = {
    "seed": 1,
    "tokenizers": {"bos": {"vocab_size": 280, "add_bos": True}},
    "shape": {"hidden_size": 16, "n_layers": 1, "n_heads": 2, "max_length": 512},
    "training": RUN,
    "finetuning": {**RUN},
    "families": [{"name": "tiny", "architecture": "llama", "tokenizer": "bos"}],
}
SETTINGS = {"n_runs": 2, "steps": 5, "n_texts": 4, "families": ["tiny"], "origins": [0, 3]}


@pytest.fixture
def layout(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    in_this_process: Callable[[ModuleType], None],
) -> Layout:
    """Return a project whose training pool is made up, and that trains in this process."""
    made = Layout(tmp_path)
    write_table(text_table(10), TEXTS, made.texts)
    pool = {"news": [f"The {i} people of the town said they would vote. " for i in range(6)]}
    monkeypatch.setattr(stage, "read_table", lambda *_: pd.DataFrame())
    monkeypatch.setattr(stage, "training_pool", lambda _: pool)
    in_this_process(stage)
    return made


def run(layout: Layout, **changes: Any) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Run the study with changed settings, and return its table and its summary."""
    sections = {"score": {"rule": "own"}, "plan": {"seed": 1}, "zoo": ZOO}
    settings = {"trajectories": {**SETTINGS, **changes.pop("settings", {})}}
    layout.resolved.write_text(yaml.safe_dump({**sections, **settings, **changes}))
    stage.run(layout)
    table = read_csv(layout.study("trajectories", "csv"), TRAJECTORIES)
    return table, json.loads(layout.study("trajectories", "json").read_text())


def test_every_run_has_its_lags_from_each_origin(layout: Layout) -> None:
    """1, 2 and 4 steps from the start, 1 and 2 from step 3; the same again with the same seed."""
    table, summary = run(layout)
    assert len(table) == 2 * 5
    assert table.loc[table["origin"] == 0, "lag"].tolist() == [1, 2, 4] * 2
    assert table.loc[table["origin"] == 3, "lag"].tolist() == [1, 2] * 2
    assert (table.iloc[:, 4:] > 0).all().all()
    assert (summary["n_runs"], summary["n_texts"]) == (2, 4)
    assert set(summary) >= {"from_step_0", "from_step_3"}
    one, two = (rows.iloc[:, 4:].to_numpy() for _, rows in table.groupby("run"))
    # The first step of AdamW changes each weight by the learning rate, whatever the seed.
    assert (one[:, 1:] != two[:, 1:]).all()
    again, _ = run(layout)
    pd.testing.assert_frame_equal(table, again)


def test_a_family_that_the_zoo_does_not_have_is_named(layout: Layout) -> None:
    """With those that it has."""
    with pytest.raises(UserError, match=r"no other; it has tiny"):
        run(layout, settings={"families": ["other"]})


def test_without_families_the_study_says_so(layout: Layout) -> None:
    """The table is empty."""
    table, summary = run(layout, zoo={"seed": 1, "families": []})
    assert table.empty
    assert summary == {"skipped": "needs families of the zoo"}
