"""Scoring many models: nothing twice, nothing lost, failures told together."""

import re
from pathlib import Path

import pytest
from helpers.job_lists import (
    N_TEXTS,
    job_list_of,
    new_layout,
    save_models,
    score_here,
    scores_bytes,
)
from helpers.tiny_models import tiny_model, tiny_tokenizer

from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.score import launch
from modelmap.score import run as scoring_run
from modelmap.score.gather import Gatherer
from modelmap.score.job_folder import job_folder, try_lock
from modelmap.score.run import score_all
from modelmap.score.store import read_scores, stored_path
from modelmap.score.work import Worker

ORIGINAL_SCORE = scoring_run._score


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with one directory per tiny model."""
    return save_models(tmp_path_factory.mktemp("models"))


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Return a project that has texts and nothing else."""
    return new_layout(tmp_path)


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return the models of each scoring, which happens in this process."""
    return score_here(monkeypatch)


@pytest.mark.pipeline
def test_workers_score_all_models_and_give_the_same_bytes_as_one(
    layout: Layout, saved: Path, in_process: list[list[str]], tmp_path: Path
) -> None:
    """Two processes over shards write the files that one process writes."""
    score_all(job_list_of(layout, saved, "one", "two"))
    alone = scores_bytes(layout)
    assert sorted(alone) == ["one.parquet", "two.parquet"]
    frame, metadata = read_scores(layout.scores / "one.parquet")
    assert frame["text_id"].tolist() == list(range(N_TEXTS))
    assert '"added_bos": true' in metadata["facts"]
    for path in (layout.store / "scores").iterdir():
        path.unlink()
    for path in layout.scores.iterdir():
        path.unlink()
    in_process.clear()
    job_list = job_list_of(layout, saved, "one", "two", workers=2)
    ORIGINAL_SCORE(job_list, [])
    scoring_run._place(job_list.jobs, layout.scores, layout)
    assert scores_bytes(layout) == alone
    assert in_process == []


def test_finished_scores_are_never_scored_again(
    layout: Layout, saved: Path, in_process: list[list[str]]
) -> None:
    """Neither a second run, nor removing a model and adding it again, scores anything."""
    score_all(job_list_of(layout, saved, "one", "two"))
    first = scores_bytes(layout)
    score_all(job_list_of(layout, saved, "one", "two"))
    score_all(job_list_of(layout, saved, "one"))
    assert list(scores_bytes(layout)) == ["one.parquet"]
    score_all(job_list_of(layout, saved, "one", "two"))
    assert scores_bytes(layout) == first
    assert in_process == [["one", "two"]]


def test_pulled_scores_are_used_without_a_store(
    layout: Layout, saved: Path, in_process: list[list[str]]
) -> None:
    """A fresh clone with data/scores pulled scores only the model that was added."""
    score_all(job_list_of(layout, saved, "one"))
    for path in (layout.store / "scores").iterdir():
        path.unlink()
    score_all(job_list_of(layout, saved, "one", "two"))
    assert in_process == [["one"], ["two"]]


def test_one_failing_model_does_not_stop_the_others(
    layout: Layout, saved: Path, in_process: list[list[str]]
) -> None:
    """The others are stored, the failure is told by name, and the next run retries it alone."""
    broken = saved / "broken"
    broken.mkdir(exist_ok=True)
    (broken / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(UserError, match=r"1 of 2 models failed: model broken cannot be loaded"):
        score_all(job_list_of(layout, saved, "broken", "one"))
    with pytest.raises(UserError, match=r"1 of 1 models failed: model broken"):
        score_all(job_list_of(layout, saved, "broken", "one"))
    assert in_process == [["broken", "one"], ["broken"]]


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
    with pytest.raises(
        UserError, match=r"model nan: log-likelihoods are not finite in float32 on texts \d"
    ):
        score_all(job_list_of(layout, folder, "nan"))


def test_a_folder_among_the_scores_is_told_and_left(
    layout: Layout, saved: Path, in_process: list[list[str]]
) -> None:
    """Nothing is scored again once it has been moved."""
    (layout.scores / "old").mkdir(parents=True)
    with pytest.raises(UserError, match=r"^data/scores has folders: old; move them"):
        score_all(job_list_of(layout, saved, "one"))
    (layout.scores / "old").rmdir()
    score_all(job_list_of(layout, saved, "one"))
    assert in_process == [["one"]]


def test_a_model_without_its_tokenizer_is_refused(
    layout: Layout, saved: Path, tmp_path: Path, in_process: list[list[str]]
) -> None:
    """transformers makes an empty tokenizer, under which every score would be 0."""
    tiny_model("gpt2").save_pretrained(tmp_path / "models" / "bare")
    told = rf"^1 of 1 models failed: model bare: .* gives {N_TEXTS} of {N_TEXTS} texts fewer than"
    with pytest.raises(UserError, match=told):
        score_all(job_list_of(layout, tmp_path / "models", "bare"))


def test_a_tokenizer_of_more_tokens_than_its_model_is_refused(
    layout: Layout, tmp_path: Path, in_process: list[list[str]]
) -> None:
    """As where tokens were added to it alone."""
    tiny_model("gpt2").save_pretrained(tmp_path / "models" / "more")
    tokenizer = tiny_tokenizer(add_bos=True)
    tokenizer.add_tokens(["heaven"])
    tokenizer.save_pretrained(tmp_path / "models" / "more")
    with pytest.raises(UserError, match="token ids up to 300, and the model knows 300 tokens"):
        score_all(job_list_of(layout, tmp_path / "models", "more"))


def test_workers_that_end_early_are_told_with_their_last_word(
    layout: Layout, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The launcher's exit status and last line, what is unfinished, and the way on."""
    ended = ["sh", "-c", "echo first; echo the node went away; echo; exit 3"]
    monkeypatch.setattr(launch, "_command", lambda *_: ended)
    with pytest.raises(UserError) as caught:
        score_all(job_list_of(layout, saved, "one"))
    assert str(caught.value) == (
        "the workers exited early (exit 3: the node went away), not finished: one; if memory "
        "ran out, lower logits_mb or scorers in conf/local; `dvc repro` continues from here"
    )


def test_a_worker_killed_for_its_memory_is_tried_once_more_with_half_the_budget(
    layout: Layout, saved: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The run says so; where that does not help, it ends with the advice to lower the budget."""
    job_list = job_list_of(layout, saved, "one")
    Worker(job_list).run()
    folder = job_folder(job_list.work, job_list.jobs[0])
    folder.shard(0).unlink()
    division = folder.read_division()
    assert division is not None
    budgets: list[int] = []

    def killed(*_: object) -> list[str]:
        budgets.append(folder.token_budget(division))
        return ["sh", "-c", "echo The exit codes of the workers are {SIGKILL}; exit 1"]

    monkeypatch.setattr(launch, "_command", killed)
    with pytest.raises(UserError, match="the workers exited early"):
        score_all(job_list)
    assert budgets == [division.token_budget, division.token_budget // 2]
    assert "killed a worker" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["a${b}c", "it's", "back\\slash", "a b,c=d"])
def test_workers_start_in_a_project_of_any_name(
    tmp_path: Path, saved: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Hydra takes the folder's name as it is."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from omegaconf import OmegaConf

    command = launch._command(job_list_of(new_layout(tmp_path / name), saved), tmp_path / name, [])
    overrides = [word for word in command if word.startswith(("hydra.sweep.dir", "+job_list"))]
    parsed = [str(item.value()) for item in OverridesParser.create().parse_overrides(overrides)]
    values = [OmegaConf.create({"x": value}).x for value in parsed]
    assert values == [str(tmp_path / name), str(tmp_path / name / ".modelmap/work/jobs.json")]


def test_progress_counts_models_texts_and_operations(layout: Layout, saved: Path) -> None:
    """The share that is done is one of operations: some with a shard missing, all with none."""
    job_list = job_list_of(layout, saved, "one")
    gatherer = Gatherer(job_list)
    assert (gatherer.share_done, gatherer.counts()) == (0.0, "0 of 1 models, 0 texts/s")
    Worker(job_list).run()
    folder = job_folder(job_list.work, job_list.jobs[0])
    held_back = folder.shard(0).read_bytes()
    folder.shard(0).unlink()
    gatherer.poll()
    assert 0 < gatherer.share_done < 1
    assert re.fullmatch(r"0 of 1 models, \S+ texts/s", gatherer.counts())
    folder.shard(0).write_bytes(held_back)
    gatherer.poll()
    assert gatherer.share_done == 1.0
    assert re.fullmatch(r"1 of 1 models, \S+ texts/s", gatherer.counts())


def test_a_torn_score_file_is_replaced(
    layout: Layout, saved: Path, in_process: list[list[str]]
) -> None:
    """From the store where that is whole, by scoring again where it is torn as well."""
    score_all(job_list_of(layout, saved, "one"))
    whole = scores_bytes(layout)
    placed = layout.scores / "one.parquet"
    placed.write_bytes(whole["one.parquet"][:200])
    score_all(job_list_of(layout, saved, "one"))
    assert scores_bytes(layout) == whole
    assert in_process == [["one"]]
    job_list = job_list_of(layout, saved, "one")
    kept = stored_path(layout.store, job_list.jobs[0].fingerprint)
    for path in (placed, kept):
        path.write_bytes(whole["one.parquet"][:200])
    score_all(job_list)
    assert scores_bytes(layout) == whole
    assert in_process == [["one"], ["one"]]


def test_saved_shards_are_not_scored_again(layout: Layout, saved: Path) -> None:
    """A run that was stopped goes on from the shards it had saved."""
    job_list = job_list_of(layout, saved, "one")
    Worker(job_list).run()
    folder = job_folder(job_list.work, job_list.jobs[0])
    division = folder.read_division()
    assert division is not None
    assert len(division.shards) > 1
    folder.shard(0).unlink()
    kept = {i: folder.shard(i).stat().st_mtime_ns for i in range(1, len(division.shards))}
    Worker(job_list).run()
    assert folder.shard(0).is_file()
    assert {i: folder.shard(i).stat().st_mtime_ns for i in kept} == kept


def test_a_lower_bound_holds_for_what_is_left(
    layout: Layout, saved: Path, in_process: list[list[str]]
) -> None:
    """Saved shards stay; the rest is run with the new budget, and the file names both."""
    job_list = job_list_of(layout, saved, "one")
    Worker(job_list).run()
    folder = job_folder(job_list.work, job_list.jobs[0])
    folder.shard(0).unlink()
    kept = folder.shard(1).stat().st_mtime_ns
    tighter = job_list.hardware.model_copy(update={"batch_tokens": 20})
    Worker(job_list.model_copy(update={"hardware": tighter})).run()
    assert folder.shard(1).stat().st_mtime_ns == kept
    score_all(job_list.model_copy(update={"hardware": tighter}))
    _, metadata = read_scores(layout.scores / "one.parquet")
    assert '"token_budgets": [47, 20]' in metadata["facts"]


@pytest.mark.parametrize("name", ["shard-0001.parquet", "division.json"])
def test_what_is_torn_in_the_store_is_made_again(
    layout: Layout, saved: Path, in_process: list[list[str]], name: str
) -> None:
    """A shard or a plan cut short ends in the same bytes as before."""
    score_all(job_list_of(layout, saved, "one"))
    whole = scores_bytes(layout)
    job_list = job_list_of(layout, saved, "one")
    for path in (
        layout.scores / "one.parquet",
        stored_path(layout.store, job_list.jobs[0].fingerprint),
    ):
        path.unlink()
    Worker(job_list).run()
    torn = job_folder(job_list.work, job_list.jobs[0]).path / name
    torn.write_bytes(torn.read_bytes()[:40])
    score_all(job_list)
    assert scores_bytes(layout) == whole


def test_a_shard_that_is_held_is_left_to_its_holder(tmp_path: Path) -> None:
    """The same lock cannot be had twice, and is free again when its holder is done."""
    with try_lock(tmp_path / "x.lock") as first, try_lock(tmp_path / "x.lock") as second:
        assert (first, second) == (True, False)
    with try_lock(tmp_path / "x.lock") as third:
        assert third
