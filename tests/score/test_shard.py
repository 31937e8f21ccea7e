"""One shard: saved on the way, gone on with, and run in smaller passes where memory ends."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from helpers.tiny_models import TEXTS, tiny_model, tiny_tokenizer

from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.score import shard as shard_module
from modelmap.score.encoded import EncodedTexts, concatenated
from modelmap.score.identity import identify
from modelmap.score.job_folder import Division, JobFolder
from modelmap.score.jobs import Job
from modelmap.score.loglik import log_likelihoods
from modelmap.score.rule import encode_texts
from modelmap.score.settings import ScoreSettings
from modelmap.score.shard import Shard
from modelmap.score.store import read_scores, shard_facts

N_TEXTS = 24
TEXT_IDS = list(range(100, 100 + N_TEXTS))
BUDGET = 200
MODEL = tiny_model("llama")
SPEC = ModelSpec(name="one", source="directory", location="one", family="one", kind="base")
Scorer = Callable[..., np.ndarray]


@pytest.fixture(scope="module")
def encoded() -> EncodedTexts:
    """Return texts of many lengths, in tokens."""
    texts = [TEXTS[row % len(TEXTS)] * (1 + row % 2) for row in range(N_TEXTS)]
    return concatenated(
        encode_texts(tiny_tokenizer(add_bos=True), texts, "own", 256), added_bos=True
    )


@pytest.fixture
def shard(tmp_path: Path) -> Shard:
    """Return a shard of all texts, nothing of which is scored."""
    job = Job(
        spec=SPEC,
        identity=identify(SPEC, "0", "0", ScoreSettings(rule="own"), "0"),
        expected_tflop=1.0,
    )
    rows = list(range(N_TEXTS))
    division = Division(
        encoded="",
        bounds=(1, 1, 1),
        token_budget=BUDGET,
        added_bos=True,
        shards=[rows],
    )
    return Shard(job, JobFolder(tmp_path / "job"), division, 0)


def finished(shard: Shard) -> pd.Series:
    """Return the saved log-likelihoods by text."""
    frame, _ = read_scores(shard.path)
    return frame.set_index("text_id")["loglik_nats"].sort_index()


def padded(sequences: Sequence[Sequence[int]]) -> int:
    """Return the tokens of a pass, padding included."""
    return len(sequences) * max(len(ids) for ids in sequences)


def too_large(limit: int, error: Exception) -> Scorer:
    """Return a scorer whose passes of more than `limit` tokens fail."""

    def score(model: Any, sequences: Sequence[Sequence[int]], budget: int) -> np.ndarray:
        if padded(sequences) > limit:
            raise error
        return log_likelihoods(model, sequences, budget)

    return score


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate"),
    ],
)
def test_after_out_of_memory_the_rest_is_run_with_half(
    shard: Shard, encoded: EncodedTexts, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Some passes of 200 tokens fail, none of 100: the file records both, scores are the same."""
    shard.score(MODEL, encoded, TEXT_IDS)
    whole = finished(shard)
    shard.path.unlink()
    monkeypatch.setattr(shard_module, "log_likelihoods", too_large(170, error))
    shard.score(MODEL, encoded, TEXT_IDS)
    _, metadata = read_scores(shard.path)
    assert shard_facts(metadata, "shard").token_budgets == [BUDGET, BUDGET // 2]
    assert shard.folder.token_budget(shard.division) == BUDGET // 2
    np.testing.assert_allclose(finished(shard), whole, atol=1e-3)


def test_a_text_that_alone_is_too_much_is_told(
    shard: Shard, encoded: EncodedTexts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its model, its number and what to change."""
    longest = int(np.argmax(encoded.lengths))
    limit = int(encoded.lengths.max()) - 1
    monkeypatch.setattr(shard_module, "log_likelihoods", too_large(limit, MemoryError()))
    with pytest.raises(UserError, match=rf"model one: text {TEXT_IDS[longest]} alone needs more"):
        shard.score(MODEL, encoded, TEXT_IDS)


def test_other_errors_are_not_taken_for_lack_of_memory(
    shard: Shard, encoded: EncodedTexts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They end the shard, and the budget stays."""
    monkeypatch.setattr(shard_module, "log_likelihoods", too_large(0, RuntimeError("shape")))
    with pytest.raises(RuntimeError, match="shape"):
        shard.score(MODEL, encoded, TEXT_IDS)
    assert shard.folder.token_budget(shard.division) == BUDGET


class Stopped(BaseException):
    """A worker's end."""


def stopping_after(n_passes: int, scored: list[int]) -> Scorer:
    """Return a scorer that is stopped after some passes and notes how many texts each had."""

    def score(model: Any, sequences: Sequence[Sequence[int]], budget: int) -> np.ndarray:
        if len(scored) == n_passes:
            raise Stopped
        scored.append(len(sequences))
        return log_likelihoods(model, sequences, budget)

    return score


@pytest.mark.parametrize("torn", [False, True])
def test_a_stopped_shard_goes_on_from_what_it_had_saved(
    shard: Shard, encoded: EncodedTexts, monkeypatch: pytest.MonkeyPatch, torn: bool
) -> None:
    """What is saved is not scored again unless it is torn; the bytes are those of one go."""
    shard.score(MODEL, encoded, TEXT_IDS)
    whole = shard.path.read_bytes()
    shard.path.unlink()
    monkeypatch.setattr(shard_module, "SAVE_EVERY_S", -1.0)
    first: list[int] = []
    monkeypatch.setattr(shard_module, "log_likelihoods", stopping_after(3, first))
    with pytest.raises(Stopped):
        shard.score(MODEL, encoded, TEXT_IDS)
    if torn:
        shard.partial.write_bytes(shard.partial.read_bytes()[:-30])
    then: list[int] = []
    monkeypatch.setattr(shard_module, "log_likelihoods", stopping_after(1000, then))
    shard.score(MODEL, encoded, TEXT_IDS)
    assert sum(first) > 0
    assert sum(then) == N_TEXTS - (0 if torn else sum(first))
    assert shard.path.read_bytes() == whole
    assert not shard.partial.exists()
