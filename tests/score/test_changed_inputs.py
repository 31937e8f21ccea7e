"""Scores belong to the files and texts that they were computed from, whatever changes meanwhile."""

import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
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
from helpers.tiny_models import tiny_tokenizer

from modelmap.models.load import load_model
from modelmap.models.source import content_hashes
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_table, write_table
from modelmap.score import loading
from modelmap.score.encoded import encoding_name
from modelmap.score.job_folder import JobFolder, job_folder
from modelmap.score.jobs import JobList
from modelmap.score.run import score_all
from modelmap.score.store import stored_path
from modelmap.score.work import Worker
from modelmap.texts.tables import TEXTS


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Return a folder with one directory per tiny model."""
    return save_models(tmp_path / "models")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Return a project that has texts and nothing else."""
    return new_layout(tmp_path / "project")


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return the models of each scoring, which happens in this process."""
    return score_here(monkeypatch)


def interrupted(job_list: JobList) -> None:
    """Score all shards of a job list but the last, as a killed run leaves them."""
    Worker(job_list).run()
    for job in job_list.jobs:
        folder = job_folder(job_list.work, job)
        folder.shard(last(folder)).unlink()


def last(folder: JobFolder) -> int:
    """Return the number of the last shard of a job."""
    division = folder.read_division()
    assert division is not None
    return len(division.shards) - 1


def change(model: Path) -> None:
    """Change one weight of a model in a directory."""
    from safetensors.torch import load_file, save_file

    weights = load_file(model / "model.safetensors")
    name = min(weights)
    weights[name] = weights[name] + 1
    save_file(weights, model / "model.safetensors", {"format": "pt"})


def test_a_model_changed_after_it_was_hashed_is_refused_and_scored_by_its_new_hash(
    layout: Layout, saved: Path, in_process: list[list[str]]
) -> None:
    """The scores of the changed files are never stored under the hash of the earlier ones."""
    earlier = job_list_of(layout, saved, "one")
    change(saved / "one")
    with pytest.raises(UserError, match="model one: its files changed after the run had started"):
        score_all(earlier)
    assert not stored_path(layout.store, earlier.jobs[0].fingerprint).exists()
    score_all(job_list_of(layout, saved, "one"))


def test_a_model_changed_while_it_is_loaded_is_refused(
    layout: Layout, saved: Path, in_process: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files are hashed again after they were read."""
    original = load_model

    def load_and_change(
        directory: Path, spec: ModelSpec, device: str, adapter: Path | None
    ) -> object:
        loaded = original(directory, spec, device, adapter)
        change(saved / "one")
        return loaded

    monkeypatch.setattr(loading, "load_model", load_and_change)
    with pytest.raises(UserError, match="model one: its files changed"):
        score_all(job_list_of(layout, saved, "one"))


def test_texts_changed_after_the_run_started_are_refused(
    layout: Layout, saved: Path, in_process: list[list[str]]
) -> None:
    """Workers compare the texts that they read with the hash in the identity."""
    job_list = job_list_of(layout, saved, "one")
    texts = read_table(layout.texts, TEXTS)
    texts.loc[0, "text"] = "Another text of the same length."
    write_table(texts, TEXTS, layout.texts)
    with pytest.raises(UserError, match=r"model one: texts\.parquet changed after the run"):
        score_all(job_list)


def test_an_interrupted_run_goes_on_after_the_project_was_moved(
    tmp_path: Path, layout: Layout, saved: Path, in_process: list[list[str]]
) -> None:
    """The job folder holds no path: the moved project ends in the same bytes as one run."""
    shutil.copytree(layout.root, tmp_path / "other")
    score_all(job_list_of(Layout(tmp_path / "other"), saved, "one"))
    interrupted(job_list_of(layout, saved, "one"))
    moved = Layout(layout.root.rename(tmp_path / "moved"))
    score_all(job_list_of(moved, saved, "one"))
    assert scores_bytes(moved) == scores_bytes(Layout(tmp_path / "other"))
    for path in (tmp_path / "moved" / ".modelmap" / "work").rglob("*.json"):
        assert str(tmp_path) not in path.read_text()


def test_a_copy_with_another_model_in_the_same_place_scores_its_own(
    tmp_path: Path, layout: Layout, in_process: list[list[str]]
) -> None:
    """An interrupted run's folder, copied with the project, is used for equal files only."""
    save_models(layout.root / "models")
    interrupted(job_list_of(layout, layout.root / "models", "one"))
    copy = Layout(Path(shutil.copytree(layout.root, tmp_path / "copy")))
    change(copy.root / "models" / "one")
    for each in (layout, copy):
        score_all(job_list_of(each, each.root / "models", "one"))
    assert scores_bytes(layout) != scores_bytes(copy)
    shutil.rmtree(copy.store)
    shutil.rmtree(copy.scores)
    resumed = scores_bytes_after(copy)
    assert resumed == scores_bytes(copy)


def scores_bytes_after(layout: Layout) -> dict[str, bytes]:
    """Score the project's model from nothing and return the bytes."""
    score_all(job_list_of(layout, layout.root / "models", "one"))
    return scores_bytes(layout)


def test_models_whose_tokenizers_differ_do_not_share_token_ids(
    layout: Layout, saved: Path, in_process: list[list[str]]
) -> None:
    """Equal tokenizer files, read as another class: each model scores as it does alone."""
    from helpers.tiny_models import tiny_model

    for name in ("plain", "lower"):
        tiny_model("llama").save_pretrained(saved / name)
        tiny_tokenizer(add_bos=True).save_pretrained(saved / name)
    config = json.loads((saved / "lower" / "config.json").read_text())
    # What the loaded tokenizer does may depend on any file of the model.
    tokenizer = json.loads((saved / "lower" / "tokenizer.json").read_text())
    tokenizer["normalizer"] = {"type": "Lowercase"}
    (saved / "lower" / "tokenizer.json").write_text(json.dumps(tokenizer))
    (saved / "lower" / "config.json").write_text(json.dumps(config))
    score_all(job_list_of(layout, saved, "plain", "lower"))
    together = scores_bytes(layout)
    shutil.rmtree(layout.store)
    shutil.rmtree(layout.scores)
    score_all(job_list_of(layout, saved, "lower"))
    assert scores_bytes(layout)["lower.parquet"] == together["lower.parquet"]


def test_tokenizers_that_split_special_tokens_have_ids_of_their_own(
    layout: Layout, saved: Path
) -> None:
    """This setting is in tokenizer_config.json alone, and changes texts that spell such a token."""
    job = job_list_of(layout, saved, "one").jobs[0]
    names = []
    for split in (False, True):
        tokenizer = tiny_tokenizer(add_bos=True)
        tokenizer.split_special_tokens = split
        names.append(encoding_name(tokenizer, job.identity, 256))
    assert names[0] != names[1]


def scored_and_interrupted(layout: Layout, saved: Path) -> tuple[dict[str, bytes], JobList]:
    """Return the scores of a whole run, and the jobs of an interrupted one in its place."""
    score_all(job_list_of(layout, saved, "one"))
    expected = scores_bytes(layout)
    shutil.rmtree(layout.store)
    shutil.rmtree(layout.scores)
    job_list = job_list_of(layout, saved, "one")
    interrupted(job_list)
    return expected, job_list


@pytest.mark.parametrize("name", ["encoded", "budget.json", "division.json", "shard-0000.parquet"])
def test_damaged_files_of_an_interrupted_run_are_written_again(
    layout: Layout, saved: Path, in_process: list[list[str]], name: str
) -> None:
    """Whatever a full disk cut to nothing, the run ends in the same bytes as one run."""
    expected, job_list = scored_and_interrupted(layout, saved)
    folder = job_folder(job_list.work, job_list.jobs[0])
    paths = (
        [*job_list.work.glob("encoded-*.safetensors")]
        if name == "encoded"
        else [folder.path / name]
    )
    for path in paths:
        path.write_bytes(b"")
    score_all(job_list)
    assert scores_bytes(layout) == expected


def fewer_rows(folder: JobFolder) -> None:
    """Leave the last row out of the last shard of a division, as an edit does."""
    path = folder.path / "division.json"
    content = json.loads(path.read_text())
    content["shards"][-1].remove(max(content["shards"][-1]))
    path.write_text(json.dumps(content))


def no_last_row(folder: JobFolder) -> None:
    """Leave the last row of the texts out of a division, and its shard to be scored."""
    path = folder.path / "division.json"
    content = json.loads(path.read_text())
    for index, rows in enumerate(content["shards"]):
        if N_TEXTS - 1 in rows:
            rows.remove(N_TEXTS - 1)
            folder.shard(index).unlink(missing_ok=True)
    path.write_text(json.dumps(content))


def copied_shard(folder: JobFolder) -> None:
    """Put a finished shard in the place of the one that is left."""
    shutil.copy(folder.shard(0), folder.shard(last(folder)))


def copied_partial(folder: JobFolder) -> None:
    """Put a finished shard in the place of what is saved of the one that is left."""
    shutil.copy(folder.shard(0), folder.partial(last(folder)))


@pytest.mark.parametrize("edit", [fewer_rows, no_last_row, copied_shard, copied_partial])
def test_files_of_other_texts_in_an_interrupted_run_are_made_again(
    layout: Layout, saved: Path, in_process: list[list[str]], edit: Callable[[JobFolder], None]
) -> None:
    """Whole files in the wrong place; at the latest the second run ends as one run does."""
    expected, job_list = scored_and_interrupted(layout, saved)
    edit(job_folder(job_list.work, job_list.jobs[0]))
    with suppress(UserError):
        score_all(job_list)
    score_all(job_list)
    assert scores_bytes(layout) == expected


def test_a_directory_is_hashed_as_transformers_reads_it(tmp_path: Path, saved: Path) -> None:
    """Files in linked folders count, and hidden ones that an index names; other hidden ones not."""
    model, linked = saved / "one", tmp_path / "linked"
    linked.mkdir()
    (linked / "part.bin").write_bytes(b"1")
    (model / "folder").symlink_to(linked)
    (model / ".hidden").write_bytes(b"1")
    before = content_hashes(model)
    (model / ".hidden").write_bytes(b"2")
    assert content_hashes(model) == before
    (linked / "part.bin").write_bytes(b"2")
    assert content_hashes(model) != before
    index = {"weight_map": {"a": ".hidden"}}
    (model / "model.safetensors.index.json").write_text(json.dumps(index))
    before = content_hashes(model)
    (model / ".hidden").write_bytes(b"3")
    assert content_hashes(model) != before
    (model / "again").symlink_to(model)
    content_hashes(model)


def test_files_that_are_loaded_by_another_name_are_hashed(saved: Path) -> None:
    """A hidden file that config.json names, and a linked folder that an index goes through."""
    model = saved / "one"
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(
        json.dumps({**config, "transformers_weights": "./.weights.safetensors"})
    )
    (model / ".weights.safetensors").write_bytes(b"1")
    before = content_hashes(model)
    (model / ".weights.safetensors").write_bytes(b"2")
    assert content_hashes(model) != before
    index = {"weight_map": {"a": "linked/part.bin"}}
    (model / "model.safetensors.index.json").write_text(json.dumps(index))
    for name in ("first", "second"):
        (model / name).mkdir()
        (model / name / "part.bin").write_text(name)
    found = set()
    for name in ("first", "second"):
        (model / "linked").unlink(missing_ok=True)
        (model / "linked").symlink_to(name)
        found.add(content_hashes(model))
    assert len(found) == 2


def test_what_leaves_the_directory_or_has_no_content_is_refused(saved: Path) -> None:
    """An index with `../`, a pipe and a broken link are each named in one line."""
    index = saved / "one" / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "../two/model.safetensors"}}))
    with pytest.raises(UserError, match=r"outside the model's directory: \.\./two/model"):
        content_hashes(saved / "one")
    index.unlink()
    os.mkfifo(saved / "one" / "pipe.safetensors")
    (saved / "one" / "broken").symlink_to("nowhere")
    with pytest.raises(UserError, match=r"not files: broken, pipe\.safetensors"):
        content_hashes(saved / "one")
