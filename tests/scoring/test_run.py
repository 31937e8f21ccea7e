"""Scoring many models: nothing twice, nothing lost, failures told together."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny import TEXTS, tiny_model, tiny_tokenizer

from modelmap.errors import UserError
from modelmap.hardware import Hardware
from modelmap.layout import Layout
from modelmap.models.source import content_hashes, local_files
from modelmap.models.spec import ModelSpec
from modelmap.schemas.scoring import TEXTS as TEXTS_SCHEMA
from modelmap.scoring import run as scoring_run
from modelmap.scoring.identity import identify
from modelmap.scoring.run import score_all
from modelmap.scoring.settings import Scoring
from modelmap.scoring.store import read_scores, stored
from modelmap.scoring.work import Job, Order, Worker, held, read_plan, shard_path
from modelmap.tables import write_table
from modelmap.texts.text_set import text_set_hash
from modelmap.zoo.settings import Architecture

SCORING = Scoring(rule="own")
ORIGINAL_SCORE = scoring_run._score
MODELS: dict[str, Architecture] = {"one": "llama", "two": "gpt2"}


def hardware(workers: int = 1, shard_tflop: float = 1e-6) -> Hardware:
    """Return hardware with shards so small that a model has several."""
    return Hardware(
        device="cpu", workers=workers, batch_tokens=256, logits_mb=1, shard_tflop=shard_tflop
    )


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with one directory per tiny model."""
    folder = tmp_path_factory.mktemp("models")
    for name, architecture in MODELS.items():
        tiny_model(architecture).save_pretrained(folder / name)
        tiny_tokenizer(add_bos=True).save_pretrained(folder / name)
    return folder


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Return a project that has texts and nothing else."""
    made = Layout(tmp_path)
    frame = pd.DataFrame(
        {
            "text_id": np.arange(len(TEXTS)),
            "text": TEXTS,
            "category": "test",
            "source": "here",
            "source_version": "1",
            "source_path": "tiny.py",
            "document_id": [f"d{i}" for i in range(len(TEXTS))],
            "chunk_index": 0,
            "n_bytes": [len(text.encode()) for text in TEXTS],
        }
    )
    write_table(frame, TEXTS_SCHEMA, made.texts)
    return made


def order_of(layout: Layout, saved: Path, *names: str, workers: int = 1) -> Order:
    """Return an order for the named models; one named "broken" has no readable weights."""
    jobs = []
    for name in names:
        spec = ModelSpec(
            name=name, source="directory", location=str(saved / name), family=name, kind="base"
        )
        revision, tokenizer = content_hashes(local_files(spec, layout))
        identity = identify(spec, revision, tokenizer, SCORING, text_set_hash(TEXTS))
        jobs.append(Job(spec, identity, 1.0))
    return Order(layout.root, jobs, SCORING, hardware(workers))


def scores_bytes(layout: Layout) -> dict[str, bytes]:
    """Return the bytes of data/scores by file name."""
    return {path.name: path.read_bytes() for path in sorted(layout.scores.iterdir())}


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Score in this process instead of in workers; return the models of each scoring."""
    calls: list[list[str]] = []

    def score(order: Order) -> None:
        calls.append([job.spec.name for job in order.jobs])
        Worker(order).run()
        for job in order.jobs:
            scoring_run._finish(job, order, 0.0)
        scoring_run._sweep(order)
        scoring_run._report_failures(order, [])

    monkeypatch.setattr(scoring_run, "_score", score)
    return calls


def test_workers_score_all_models_and_give_the_same_bytes_as_one(
    layout: Layout, saved: Path, in_process: list[list[str]], tmp_path: Path
) -> None:
    """Two processes over shards write the files that one process writes."""
    score_all(order_of(layout, saved, "one", "two"))
    alone = scores_bytes(layout)
    assert sorted(alone) == ["one.parquet", "two.parquet"]
    frame, metadata = read_scores(layout.scores / "one.parquet")
    assert frame["text_id"].tolist() == list(range(len(TEXTS)))
    assert '"added_bos": true' in metadata["facts"]
    for path in (layout.store / "scores").iterdir():
        path.unlink()
    for path in layout.scores.iterdir():
        path.unlink()
    in_process.clear()
    order = order_of(layout, saved, "one", "two", workers=2)
    ORIGINAL_SCORE(order)
    scoring_run._place(order.jobs, layout)
    assert scores_bytes(layout) == alone
    assert in_process == []


def test_finished_scores_are_never_scored_again(
    layout: Layout, saved: Path, in_process: list[list[str]]
) -> None:
    """Neither a second run, nor removing a model and adding it again, scores anything."""
    score_all(order_of(layout, saved, "one", "two"))
    first = scores_bytes(layout)
    score_all(order_of(layout, saved, "one", "two"))
    score_all(order_of(layout, saved, "one"))
    assert list(scores_bytes(layout)) == ["one.parquet"]
    score_all(order_of(layout, saved, "one", "two"))
    assert scores_bytes(layout) == first
    assert in_process == [["one", "two"]]


def test_pulled_scores_are_used_without_a_store(
    layout: Layout, saved: Path, in_process: list[list[str]]
) -> None:
    """A fresh clone with data/scores pulled scores only the model that was added."""
    score_all(order_of(layout, saved, "one"))
    for path in (layout.store / "scores").iterdir():
        path.unlink()
    score_all(order_of(layout, saved, "one", "two"))
    assert in_process == [["one"], ["two"]]


def test_a_torn_score_file_is_replaced(
    layout: Layout, saved: Path, in_process: list[list[str]]
) -> None:
    """From the store where that is whole, by scoring again where it is torn as well."""
    score_all(order_of(layout, saved, "one"))
    whole = scores_bytes(layout)
    placed = layout.scores / "one.parquet"
    placed.write_bytes(whole["one.parquet"][:200])
    score_all(order_of(layout, saved, "one"))
    assert scores_bytes(layout) == whole
    assert in_process == [["one"]]
    order = order_of(layout, saved, "one")
    kept = stored(layout.store, order.jobs[0].identity.fingerprint)
    for path in (placed, kept):
        path.write_bytes(whole["one.parquet"][:200])
    score_all(order)
    assert scores_bytes(layout) == whole
    assert in_process == [["one"], ["one"]]


def test_one_failing_model_does_not_stop_the_others(
    layout: Layout, saved: Path, in_process: list[list[str]]
) -> None:
    """The others are stored, the failure is told by name, and the next run retries it alone."""
    broken = saved / "broken"
    broken.mkdir(exist_ok=True)
    (broken / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(UserError, match=r"1 of 2 models failed: model broken cannot be loaded"):
        score_all(order_of(layout, saved, "broken", "one"))
    with pytest.raises(UserError, match=r"1 of 1 models failed: model broken"):
        score_all(order_of(layout, saved, "broken", "one"))
    assert in_process == [["broken", "one"], ["broken"]]


def test_saved_shards_are_not_scored_again(layout: Layout, saved: Path) -> None:
    """A run that was stopped goes on from the shards it had saved."""
    order = order_of(layout, saved, "one")
    Worker(order).run()
    directory = order.jobs[0].directory(layout)
    plan = read_plan(directory)
    assert plan is not None
    assert len(plan["shards"]) > 1
    shard_path(directory, 0).unlink()
    kept = {i: shard_path(directory, i).stat().st_mtime_ns for i in range(1, len(plan["shards"]))}
    Worker(order).run()
    assert shard_path(directory, 0).is_file()
    assert {i: shard_path(directory, i).stat().st_mtime_ns for i in kept} == kept


def test_a_shard_that_is_held_is_left_to_its_holder(tmp_path: Path) -> None:
    """The same lock cannot be had twice, and is free again when its holder is done."""
    with held(tmp_path / "x.lock") as first, held(tmp_path / "x.lock") as second:
        assert (first, second) == (True, False)
    with held(tmp_path / "x.lock") as third:
        assert third


def test_a_score_that_is_not_finite_names_model_and_text(
    layout: Layout, saved: Path, tmp_path: Path, in_process: list[list[str]]
) -> None:
    """NaN in the weights ends in one line with the model and the texts."""
    import torch

    model = tiny_model("llama")
    with torch.no_grad():
        model.get_input_embeddings().weight[5:].fill_(float("nan"))
    folder = tmp_path / "models"
    model.save_pretrained(folder / "nan")
    tiny_tokenizer(add_bos=True).save_pretrained(folder / "nan")
    with pytest.raises(UserError, match=r"model nan: not finite in float32 on texts \d"):
        score_all(order_of(layout, folder, "nan"))
