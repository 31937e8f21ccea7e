"""Models of many kinds score by the definition, alone and in batches."""

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.job_lists import job_list_of, new_layout, save_models, score_here
from helpers.model_kinds import (
    KINDS,
    SHAPE,
    TOLERANCE_NATS,
    by_definition,
    kind_model,
    sequences,
)
from helpers.tiny_models import tiny_tokenizer

from modelmap.plumbing.tables import read_table
from modelmap.score.loglik import log_likelihoods
from modelmap.score.rule import encode_texts
from modelmap.score.run import score_all
from modelmap.score.store import read_scores
from modelmap.texts.tables import TEXTS

HEADS = ["soft-capped logits and sliding window", "scaled logits", "divided logits"]
# Longer than the sliding windows, shorter than the padded width, and too short to be scored.
LENGTHS = (12, 3, 20, 1, 10)


@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_those_of_the_definition_alone_and_padded(kind: str) -> None:
    """No position, window, expert or state of a text's own is touched by its padding."""
    model, texts = kind_model(kind), sequences(*LENGTHS)
    expected = [by_definition(model, ids) for ids in texts]
    for budget in (1, 40, 100_000):
        scores = log_likelihoods(model, texts, budget)
        np.testing.assert_allclose(scores, expected, rtol=0, atol=TOLERANCE_NATS["float32"])


@pytest.mark.parametrize("kind", HEADS)
def test_what_a_head_does_after_its_matrix_product_is_scored(kind: str) -> None:
    """A softmax of the matrix product alone is nats away, one of the model's own logits is not."""
    import torch

    model, (ids,) = kind_model(kind), sequences(24)
    with torch.inference_mode():
        hidden = model.get_decoder()(torch.tensor([ids[:-1]]), use_cache=False)[0]
        product = torch.log_softmax(model.get_output_embeddings()(hidden)[0].double(), dim=1)
    without_head = product[torch.arange(len(ids) - 1), torch.tensor(ids[1:])].sum().item()
    (score,) = log_likelihoods(model, [ids], 1)
    assert abs(score - without_head) > 1
    assert abs(score - by_definition(model, ids)) < TOLERANCE_NATS["float32"]


@pytest.mark.parametrize("dtype", TOLERANCE_NATS)
@pytest.mark.parametrize("kind", KINDS)
def test_budgets_agree_within_the_tolerance_of_the_dtype(kind: str, dtype: str) -> None:
    """One text a pass, three or all: the scores are equal within the tolerance."""
    model, texts = kind_model(kind, dtype), sequences(*LENGTHS)
    alone = log_likelihoods(model, texts, 1)
    for budget in (40, 100_000):
        np.testing.assert_allclose(
            log_likelihoods(model, texts, budget), alone, rtol=0, atol=TOLERANCE_NATS[dtype]
        )


@pytest.mark.parametrize("dtype", TOLERANCE_NATS)
@pytest.mark.parametrize("kind", KINDS)
def test_one_budget_gives_the_same_bytes(kind: str, dtype: str) -> None:
    """A model that is loaded again gives every bit again."""
    texts = sequences(*LENGTHS)
    first, second = (log_likelihoods(kind_model(kind, dtype), texts, 40) for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_a_model_without_attention_is_scored_under_the_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entry of a Mamba says nothing of attention; what was taken is in the score files."""
    saved, layout = save_models(tmp_path / "models"), new_layout(tmp_path / "project")
    tokenizer = tiny_tokenizer(add_bos=True)
    mamba = kind_model("state space", vocabulary=len(tokenizer))
    mamba.save_pretrained(saved / "mamba")
    tokenizer.save_pretrained(saved / "mamba")
    score_here(monkeypatch)
    score_all(job_list_of(layout, saved, "one", "mamba"))
    for name, attention in (("one", "sdpa"), ("mamba", "eager")):
        frame, metadata = read_scores(layout.scores / f"{name}.parquet")
        assert json.loads(metadata["facts"])["attention"] == attention
        assert json.loads(metadata["identity"])["attention"] == "auto"
    texts = read_table(layout.texts, TEXTS)["text"].tolist()
    encoded = encode_texts(tokenizer, texts, "own", SHAPE["max_position_embeddings"])
    expected = [by_definition(mamba, one.ids) for one in encoded]
    np.testing.assert_allclose(frame["loglik_nats"], expected, atol=TOLERANCE_NATS["float32"])
