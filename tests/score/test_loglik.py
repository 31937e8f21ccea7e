"""Log-likelihoods against a plain loop, and what must not change them."""

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.model_kinds import by_definition
from helpers.tiny_models import ARCHITECTURES, TEXTS, tiny_model, tiny_tokenizer

from modelmap.score import loglik
from modelmap.score.loglik import log_likelihoods
from modelmap.score.rule import encode_texts
from modelmap.score.settings import SCORER_VERSION
from modelmap.zoo.settings import Architecture

GOLDEN = Path(__file__).with_name("golden.json")
FLOAT32_TOLERANCE_NATS = 1e-3


def encoded(add_bos: bool) -> list[tuple[int, ...]]:
    """Return the ids of TEXTS under each tokenizer's own rule."""
    return [item.ids for item in encode_texts(tiny_tokenizer(add_bos), TEXTS, "own", 256)]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_scores_equal_a_plain_float64_loop(architecture: Architecture) -> None:
    """The engine gives what the definition gives, for every architecture of the zoo."""
    sequences = encoded(add_bos=True)[:4]
    model = tiny_model(architecture)
    expected = [by_definition(model, ids) for ids in sequences]
    scores = log_likelihoods(model, sequences, batch_tokens=4096)
    np.testing.assert_allclose(scores, expected, atol=FLOAT32_TOLERANCE_NATS)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("budget", [1, 64, 100_000])
def test_padding_order_and_batch_budget_change_no_score(
    architecture: Architecture, budget: int
) -> None:
    """A text scores the same alone, in any company, in any order and with any batch budget."""
    model = tiny_model(architecture)
    sequences = encoded(add_bos=False)
    alone = np.concatenate([log_likelihoods(model, [ids], 1) for ids in sequences])
    job_list = np.array([3, 0, 4, 2, 1])
    shuffled = log_likelihoods(model, [sequences[i] for i in job_list], budget)
    np.testing.assert_allclose(shuffled, alone[job_list], atol=FLOAT32_TOLERANCE_NATS)


def test_a_text_of_one_token_without_bos_scores_zero() -> None:
    """Nothing is scored of a text whose only token has nothing before it."""
    scores = log_likelihoods(tiny_model("gpt2"), [(5,), (5, 6)], 64)
    assert scores[0] == 0.0
    assert scores[1] < 0.0


def test_ids_may_be_of_any_integer_type_and_blocks_of_any_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Arrays of 32-bit ids score as tuples do, and as in blocks of a single row."""
    model, sequences = tiny_model("llama"), encoded(add_bos=True)
    scores = log_likelihoods(model, sequences, 256)
    monkeypatch.setattr(loglik, "ELEMENTS_AT_ONCE", {"cpu": 1})
    arrays = [np.array(ids, dtype=np.int32) for ids in sequences]
    np.testing.assert_allclose(
        log_likelihoods(model, arrays, 256), scores, atol=FLOAT32_TOLERANCE_NATS
    )


def test_sum_is_float64_and_log_softmax_float32_whatever_the_logits_are() -> None:
    """In bfloat16 the score is that of the model's own logits, not a bfloat16 softmax of them."""
    import torch

    ids = encoded(add_bos=True)[4]
    model = tiny_model("llama").to(torch.bfloat16)
    with torch.inference_mode():
        logits = model(torch.tensor([ids[:-1]])).logits[0].double()
    by_definition = torch.log_softmax(logits, dim=-1)
    expected = by_definition[torch.arange(len(ids) - 1), torch.tensor(ids[1:])].sum()
    score = log_likelihoods(model, [ids], 4096)
    assert score.dtype == np.float64
    np.testing.assert_allclose(score[0], expected.item(), atol=FLOAT32_TOLERANCE_NATS)


def golden_scores() -> dict[str, list[float]]:
    """Return the scores of TEXTS under every tiny model, with and without BOS."""
    return {
        f"{name}, {'bos' if add_bos else 'no bos'}": [
            round(float(score), 6)
            for score in log_likelihoods(tiny_model(name), encoded(add_bos), 4096)
        ]
        for name in ARCHITECTURES
        for add_bos in (True, False)
    }


def test_golden_scores_guard_the_scorer_version() -> None:
    """Scores are those of this SCORER_VERSION: a change of scores asks for a new version.

    After raising it, this writes the new golden scores:

        PYTHONPATH=tests python tests/score/test_loglik.py
    """
    golden = json.loads(GOLDEN.read_text())
    assert golden["scorer_version"] == SCORER_VERSION
    for name, scores in golden_scores().items():
        np.testing.assert_allclose(scores, golden["scores"][name], atol=FLOAT32_TOLERANCE_NATS)


if __name__ == "__main__":
    content = {"scorer_version": SCORER_VERSION, "scores": golden_scores()}
    GOLDEN.write_text(json.dumps(content, indent=2) + "\n")
