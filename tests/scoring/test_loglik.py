"""Log-likelihoods against a plain loop, and what must not change them."""

import json
from pathlib import Path

import numpy as np
import pytest
from tiny import ARCHITECTURES, TEXTS, tiny_model, tiny_tokenizer

from modelmap.scoring.loglik import log_likelihoods
from modelmap.scoring.rule import encode_texts
from modelmap.scoring.version import SCORER_VERSION
from modelmap.zoo.settings import Architecture

GOLDEN = Path(__file__).with_name("golden.json")
FLOAT32_TOLERANCE_NATS = 1e-3


def encoded(add_bos: bool) -> list[tuple[int, ...]]:
    """Return the ids of TEXTS under P1's rule."""
    return [item.ids for item in encode_texts(tiny_tokenizer(add_bos), TEXTS, "own", 256)]


def plain_loop(architecture: Architecture, ids: tuple[int, ...]) -> float:
    """Return the log-likelihood by definition: float64, one text, one position at a time."""
    import torch

    model = tiny_model(architecture).double()
    total = 0.0
    with torch.inference_mode():
        for t in range(1, len(ids)):
            logits = model(torch.tensor([ids[:t]])).logits[0, -1].numpy()
            shifted = logits - logits.max()
            total += shifted[ids[t]] - np.log(np.exp(shifted).sum())
    return float(total)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_scores_equal_a_plain_float64_loop(architecture: Architecture) -> None:
    """The engine gives what the definition gives, for every architecture of the zoo."""
    sequences = encoded(add_bos=True)[:4]
    expected = [plain_loop(architecture, ids) for ids in sequences]
    scores = log_likelihoods(tiny_model(architecture), sequences, batch_tokens=4096)
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
    order = np.array([3, 0, 4, 2, 1])
    shuffled = log_likelihoods(model, [sequences[i] for i in order], budget)
    np.testing.assert_allclose(shuffled, alone[order], atol=FLOAT32_TOLERANCE_NATS)


def test_a_text_of_one_token_without_bos_scores_zero() -> None:
    """Nothing is scored of a text whose only token has nothing before it."""
    scores = log_likelihoods(tiny_model("gpt2"), [(5,), (5, 6)], 64)
    assert scores[0] == 0.0
    assert scores[1] < 0.0


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

    After raising it, `python tests/scoring/test_loglik.py` writes the new golden scores.
    """
    golden = json.loads(GOLDEN.read_text())
    assert golden["scorer_version"] == SCORER_VERSION
    for name, scores in golden_scores().items():
        np.testing.assert_allclose(scores, golden["scores"][name], atol=FLOAT32_TOLERANCE_NATS)


if __name__ == "__main__":
    content = {"scorer_version": SCORER_VERSION, "scores": golden_scores()}
    GOLDEN.write_text(json.dumps(content, indent=2) + "\n")
