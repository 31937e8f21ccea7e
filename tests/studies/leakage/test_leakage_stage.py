"""The study leakage on a tiny model that is fine-tuned for a few steps."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from helpers.score_project import text_table
from helpers.tiny_models import SHAPE, tiny_model, tiny_tokenizer

from modelmap.matrix.file import LogLikelihoods, write_matrix
from modelmap.matrix.segments import segment_table
from modelmap.matrix.segments_file import write_segments
from modelmap.matrix.tables import SEGMENTS
from modelmap.models.file import roster_text
from modelmap.models.spec import ModelSpec
from modelmap.placing.gain import largest_usual
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_csv, write_table
from modelmap.studies.leakage import stage
from modelmap.studies.leakage.tables import LEAKAGE
from modelmap.studies.made_models.scores import TextScorer
from modelmap.texts.tables import TEXTS

RUN = {"steps": 1, "batch_size": 4, "sequence_length": 8, "learning_rate": 0.01, "warmup_steps": 0}
SETTINGS: dict[str, Any] = {
    "seed": 1,
    "n_runs": 2,
    "leaked_share": 0.5,
    "n_texts": 8,
    "false_alarms": 0.1,
    "n_bootstrap": 100,
    "steps": [1, 3],
}
BASE = ModelSpec(name="tiny", source="zoo", location="tiny", family="tiny", kind="base")
NAMES = ["tiny", "other"]


@pytest.fixture
def layout(tmp_path: Path, in_this_process: Callable[[ModuleType], None]) -> Layout:
    """Return a project with a base model and another one, that trains in this process."""
    made = Layout(tmp_path)
    texts = text_table(32)
    write_table(texts, TEXTS, made.texts)
    made.roster.write_text(roster_text([BASE]))
    model, tokenizer = tiny_model("llama"), tiny_tokenizer(add_bos=True)
    model.save_pretrained(made.zoo / "tiny")
    tokenizer.save_pretrained(made.zoo / "tiny")
    scorer = TextScorer(tokenizer, texts, "own", SHAPE.max_length)
    scores = [scorer.scores(one) for one in (model, tiny_model("gpt2"))]
    totals = np.stack([one.loglik_nats for one in scores])
    write_matrix(LogLikelihoods(totals, NAMES, -1e4, 100.0, "texts"), made.matrix)
    table = segment_table(texts)
    write_table(table, SEGMENTS, made.segment_table)
    write_segments([one.segments_nats for one in scores], NAMES, len(table), "texts", made.segments)
    in_this_process(stage)
    return made


def run(layout: Layout, **changes: Any) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Run the study with changed sections, and return its table and its summary."""
    sections = {
        "score": {"rule": "own"},
        "plan": {"seed": 1},
        "zoo": {"seed": 1, "finetuning": RUN},
        "leakage": SETTINGS,
    }
    layout.resolved.write_text(yaml.safe_dump({**sections, **changes}))
    stage.run(layout)
    table = read_csv(layout.study("leakage", "csv"), LEAKAGE)
    return table, json.loads(layout.study("leakage", "json").read_text())


def test_every_run_has_a_leaked_and_an_honest_model_after_each_number_of_steps(
    layout: Layout,
) -> None:
    """All are nearest to their base, and farther from it after more steps; the same again."""
    table, summary = run(layout)
    keys = table[["run", "arm", "steps"]].to_numpy().tolist()
    assert keys == [[run, arm, n] for run in (1, 2) for arm in ("leaked", "honest") for n in (1, 3)]
    assert set(table["nearest"]) == {"tiny"}
    kl = table["kl_bits_per_byte"].to_numpy().reshape(4, 2)
    assert (kl[:, 0] > 0).all()
    assert (kl[:, 1] > kl[:, 0]).all()
    assert len(np.unique(kl)) == 8
    assert (summary["n_models"], summary["n_pairs_of_runs"], summary["n_texts"]) == (8, 2, 8)
    assert all(0 < n < 8 for n in summary["n_leaked_texts"])
    again, _ = run(layout)
    pd.testing.assert_frame_equal(table, again)


def test_models_that_learn_texts_by_heart_gain_more_on_these(layout: Layout) -> None:
    """After 60 steps; models of other texts gain less on them, in every run."""
    table, summary = run(layout, leakage={**SETTINGS, "steps": [60]})
    leaked, honest = (
        table.loc[table["arm"] == arm, "known_texts"].to_numpy() for arm in ("leaked", "honest")
    )
    assert (leaked > honest).all()
    assert summary["signals"]["known_texts"]["after_60_steps"]["roc_area"]["value"] == 1


def test_flagged_shares_are_those_of_the_table(layout: Layout) -> None:
    """By arm and number of steps, above the limit of `modelmap place` for as many texts."""
    table, summary = run(layout)
    is_flagged = table["gain_beyond_kl"] > largest_usual(SETTINGS["n_texts"])
    shares = is_flagged.groupby([table["arm"], table["steps"]]).mean()
    for (arm, steps), share in shares.items():
        assert summary["flagged"][arm][f"after_{steps}_steps"]["value"] == share
    assert 0 <= summary["flagged"]["own_models"] <= 1


@pytest.mark.parametrize("missing", ["base models", "fine-tuning"])
def test_without_models_to_fine_tune_the_study_says_so(layout: Layout, missing: str) -> None:
    """The table is empty."""
    if missing == "base models":
        layout.roster.write_text(roster_text([]))
    zoo = {"seed": 1} if missing == "fine-tuning" else {"seed": 1, "finetuning": RUN}
    table, summary = run(layout, zoo=zoo)
    assert table.empty
    assert summary == {"skipped": "needs base models of the zoo"}
