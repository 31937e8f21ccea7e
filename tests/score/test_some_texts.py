"""Models that are scored on the first texts of a random order only."""

from pathlib import Path

import pytest
import torch
import yaml
from helpers.job_lists import N_TEXTS, new_layout, save_models, score_here, scores_bytes

from modelmap.models.file import roster_text
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_table
from modelmap.score import stage
from modelmap.score.store import read_scores
from modelmap.texts.random_order import first_in_random_order
from modelmap.texts.tables import TEXTS

SEED = 11
SCORES = ["loglik_nats", "n_tokens", "scored_from", "scored_to"]


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Return a project of two tiny models and five texts."""
    made = new_layout(tmp_path)
    save_models(tmp_path / "data" / "models")
    made.resolved.write_text(yaml.safe_dump({"score": {"rule": "own"}, "plan": {"seed": SEED}}))
    return made


def write_roster(layout: Layout, **texts: int | None) -> None:
    """Make models the project's, by their name and the number of their texts."""
    specs = [
        ModelSpec(
            name=name,
            source="directory",
            location=f"data/models/{name[:3]}",
            family="f",
            kind="base",
            texts=number,
        )
        for name, number in texts.items()
    ]
    layout.roster.write_text(roster_text(specs))


def test_scores_of_some_texts_are_those_of_all_texts(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file has the first texts of the random order, in the order of their ids."""
    score_here(monkeypatch)
    write_roster(layout, one=None, one_few=3)
    stage.run(layout)
    whole, few = (read_scores(layout.scores / f"{name}.parquet")[0] for name in ("one", "one_few"))
    chosen = first_in_random_order(read_table(layout.texts, TEXTS), 3, SEED)
    assert few["text_id"].tolist() == chosen
    expected = whole.set_index("text_id").loc[chosen, SCORES].to_numpy()
    assert few[SCORES].to_numpy() == pytest.approx(expected, rel=1e-5)


def test_another_number_of_texts_scores_that_model_alone(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others keep their files, byte by byte, and going back scores nothing."""
    calls = score_here(monkeypatch)
    write_roster(layout, one=None, two=3)
    stage.run(layout)
    before = scores_bytes(layout)
    write_roster(layout, one=None, two=4)
    stage.run(layout)
    after = scores_bytes(layout)
    assert calls == [["one", "two"], ["two"]]
    assert before["one.parquet"] == after["one.parquet"]
    assert len(read_scores(layout.scores / "two.parquet")[0]) == 4
    write_roster(layout, one=None, two=3)
    stage.run(layout)
    assert scores_bytes(layout) == before
    assert len(calls) == 2


def test_more_texts_than_there_are_give_all(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scores are then the same scores as without a number, and are not computed again."""
    calls = score_here(monkeypatch)
    torch.set_num_threads(1)
    write_roster(layout, two=None)
    stage.run(layout)
    before = scores_bytes(layout)
    write_roster(layout, two=N_TEXTS + 5)
    stage.run(layout)
    assert scores_bytes(layout) == before
    assert calls == [["two"]]
