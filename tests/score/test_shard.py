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
from modelmap.score.loglik import TokenLogliks, token_log_likelihoods
from modelmap.score.rule import encode_texts
from modelmap.score.settings import ScoreSettings
from modelmap.score.shard import Shard
from modelmap.score.store import read_scores, shard_facts
from modelmap.texts.segments import segment_bounds

N_TEXTS = 24
TEXT_IDS = list(range(100, 100 + N_TEXTS))
LONG_AND_SHORT = [TEXTS[row % len(TEXTS)] * (1 + row % 2) for row in range(N_TEXTS)]
BOUNDS = [segment_bounds(text) for text in LONG_AND_SHORT]
BUDGET = 200
MODEL = tiny_model("llama")
SPEC = ModelSpec(name="one", source="directory", location="one", family="one", kind="base")
Scorer = Callable[..., TokenLogliks]


@pytest.fixture(scope="module")
def encoded() -> EncodedTexts:
    """Return texts of many lengths, in tokens."""
    ids = encode_texts(tiny_tokenizer(add_bos=True), LONG_AND_SHORT, "own", 256)
    return concatenated(ids, [len(text.encode()) for text in LONG_AND_SHORT], added_bos=True)


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

    def score(model: Any, sequences: Sequence[Sequence[int]], budget: int) -> TokenLogliks:
        if padded(sequences) > limit:
            raise error
        return token_log_likelihoods(model, sequences, budget)

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
    shard.score(MODEL, encoded, TEXT_IDS, BOUNDS)
    whole = finished(shard)
    shard.path.unlink()
    monkeypatch.setattr(shard_module, "token_log_likelihoods", too_large(170, error))
    shard.score(MODEL, encoded, TEXT_IDS, BOUNDS)
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
    monkeypatch.setattr(shard_module, "token_log_likelihoods", too_large(limit, MemoryError()))
    with pytest.raises(UserError, match=rf"model one: text {TEXT_IDS[longest]} alone needs more"):
        shard.score(MODEL, encoded, TEXT_IDS, BOUNDS)


def test_other_errors_are_not_taken_for_lack_of_memory(
    shard: Shard, encoded: EncodedTexts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They end the shard, and the budget stays."""
    monkeypatch.setattr(shard_module, "token_log_likelihoods", too_large(0, RuntimeError("shape")))
    with pytest.raises(RuntimeError, match="shape"):
        shard.score(MODEL, encoded, TEXT_IDS, BOUNDS)
    assert shard.folder.token_budget(shard.division) == BUDGET


def test_segments_add_up_to_the_text(shard: Shard, encoded: EncodedTexts) -> None:
    """The float64 sum of a text's segments is its log-likelihood, to 1e-6 of it."""
    shard.score(MODEL, encoded, TEXT_IDS, BOUNDS)
    frame, _ = read_scores(shard.path)
    sums = [values.sum(dtype=np.float64) for values in frame["segments_nats"]]
    np.testing.assert_allclose(sums, frame["loglik_nats"], rtol=1e-6)
    assert [len(values) for values in frame["segments_nats"]] == [
        len(BOUNDS[TEXT_IDS.index(text_id)]) - 1 for text_id in frame["text_id"]
    ]


class Stopped(BaseException):
    """A worker's end."""


def stopping_after(n_passes: int, scored: list[int]) -> Scorer:
    """Return a scorer that is stopped after some passes and notes how many texts each had."""

    def score(model: Any, sequences: Sequence[Sequence[int]], budget: int) -> TokenLogliks:
        if len(scored) == n_passes:
            raise Stopped
        scored.append(len(sequences))
        return token_log_likelihoods(model, sequences, budget)

    return score


@pytest.mark.parametrize("torn", [False, True])
def test_a_stopped_shard_goes_on_from_what_it_had_saved(
    shard: Shard, encoded: EncodedTexts, monkeypatch: pytest.MonkeyPatch, torn: bool
) -> None:
    """What is saved is not scored again unless it is torn; the bytes are those of one go."""
    shard.score(MODEL, encoded, TEXT_IDS, BOUNDS)
    whole = shard.path.read_bytes()
    shard.path.unlink()
    monkeypatch.setattr(shard_module, "SAVE_EVERY_S", -1.0)
    first: list[int] = []
    monkeypatch.setattr(shard_module, "token_log_likelihoods", stopping_after(3, first))
    with pytest.raises(Stopped):
        shard.score(MODEL, encoded, TEXT_IDS, BOUNDS)
    if torn:
        shard.partial.write_bytes(shard.partial.read_bytes()[:-30])
    then: list[int] = []
    monkeypatch.setattr(shard_module, "token_log_likelihoods", stopping_after(1000, then))
    shard.score(MODEL, encoded, TEXT_IDS, BOUNDS)
    assert sum(first) > 0
    assert sum(then) == N_TEXTS - (0 if torn else sum(first))
    assert shard.path.read_bytes() == whole
    assert not shard.partial.exists()
