"""What an interrupted or damaged run left: used where it is whole, made again where it is not."""

from pathlib import Path

import pytest
from orders import new_layout, order_of, save_models, score_here, scores_bytes

from modelmap.layout import Layout
from modelmap.scoring.job_folder import held, job_folder
from modelmap.scoring.run import score_all
from modelmap.scoring.store import read_scores, stored
from modelmap.scoring.work import Worker


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
    kept = stored(layout.store, order.jobs[0].fingerprint)
    for path in (placed, kept):
        path.write_bytes(whole["one.parquet"][:200])
    score_all(order)
    assert scores_bytes(layout) == whole
    assert in_process == [["one"], ["one"]]


def test_saved_shards_are_not_scored_again(layout: Layout, saved: Path) -> None:
    """A run that was stopped goes on from the shards it had saved."""
    order = order_of(layout, saved, "one")
    Worker(order).run()
    folder = job_folder(order.work, order.jobs[0])
    plan = folder.read_plan()
    assert plan is not None
    assert len(plan.shards) > 1
    folder.shard(0).unlink()
    kept = {i: folder.shard(i).stat().st_mtime_ns for i in range(1, len(plan.shards))}
    Worker(order).run()
    assert folder.shard(0).is_file()
    assert {i: folder.shard(i).stat().st_mtime_ns for i in kept} == kept


def test_a_lower_bound_holds_for_what_is_left(
    layout: Layout, saved: Path, in_process: list[list[str]]
) -> None:
    """Saved shards stay; the rest is run with the new budget, and the file names both."""
    order = order_of(layout, saved, "one")
    Worker(order).run()
    folder = job_folder(order.work, order.jobs[0])
    folder.shard(0).unlink()
    kept = folder.shard(1).stat().st_mtime_ns
    tighter = order.hardware.model_copy(update={"batch_tokens": 20})
    Worker(order.model_copy(update={"hardware": tighter})).run()
    assert folder.shard(1).stat().st_mtime_ns == kept
    score_all(order.model_copy(update={"hardware": tighter}))
    _, metadata = read_scores(layout.scores / "one.parquet")
    assert '"token_budgets": [47, 20]' in metadata["facts"]


@pytest.mark.parametrize("name", ["shard-0001.parquet", "plan.json"])
def test_what_is_torn_in_the_store_is_made_again(
    layout: Layout, saved: Path, in_process: list[list[str]], name: str
) -> None:
    """A shard or a plan cut short ends in the same bytes as before."""
    score_all(order_of(layout, saved, "one"))
    whole = scores_bytes(layout)
    order = order_of(layout, saved, "one")
    for path in (layout.scores / "one.parquet", stored(layout.store, order.jobs[0].fingerprint)):
        path.unlink()
    Worker(order).run()
    torn = job_folder(order.work, order.jobs[0]).path / name
    torn.write_bytes(torn.read_bytes()[:40])
    score_all(order)
    assert scores_bytes(layout) == whole


def test_a_shard_that_is_held_is_left_to_its_holder(tmp_path: Path) -> None:
    """The same lock cannot be had twice, and is free again when its holder is done."""
    with held(tmp_path / "x.lock") as first, held(tmp_path / "x.lock") as second:
        assert (first, second) == (True, False)
    with held(tmp_path / "x.lock") as third:
        assert third
