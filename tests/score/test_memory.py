"""What scoring holds at once, with a vocabulary of 256,000."""

import pytest
import torch
from helpers.live_memory import LiveMemory
from helpers.model_kinds import kind_model, sequences

from modelmap.score.loglik import log_likelihoods

VOCABULARY = 256_000
BYTES = {"float32": 4, "bfloat16": 2}
# Float32 copies of blocks of logits, and what becomes of them: eight rows of this vocabulary.
BLOCKS = 8 * 4 * VOCABULARY
# Token ids, hidden states and scores.
SMALL = 100_000


def logits_bytes(n_tokens: int, dtype: str) -> int:
    """Return the bytes of the logits of so many tokens."""
    return n_tokens * VOCABULARY * BYTES[dtype]


def peak_bytes(kind: str, dtype: str, budget: int, *lengths: int) -> int:
    """Return the most bytes that tensors hold while texts of these lengths are scored."""
    model = kind_model(kind, dtype, VOCABULARY)
    with LiveMemory() as memory:
        log_likelihoods(model, sequences(*lengths), budget)
    peak: int = memory.peak_bytes
    return peak


@pytest.mark.parametrize("dtype", BYTES)
def test_the_log_softmax_needs_a_few_rows_beside_the_logits(dtype: str) -> None:
    """Of a text of 60 tokens no second copy is made, in float32 or in any dtype."""
    peak = peak_bytes("sliding window", dtype, 59, 60)
    logits = logits_bytes(59, dtype)
    assert logits < peak < logits + BLOCKS + SMALL


def test_a_pass_of_several_texts_holds_the_logits_of_its_budget() -> None:
    """Forty texts of five tokens at 20 tokens a pass need no more than 20 tokens' logits."""
    peak = peak_bytes("sliding window", "float32", 20, *[5] * 40)
    assert peak < logits_bytes(20, "float32") + BLOCKS + SMALL


@pytest.mark.parametrize("kind", ["soft-capped logits and sliding window", "sliding window"])
def test_a_long_text_alone_needs_no_more_than_three_passes_logits(kind: str) -> None:
    """At 4 tokens a pass, 60 tokens hold one block's logits, the next's, and what capping adds."""
    peak = peak_bytes(kind, "float32", 4, 60)
    assert peak < 3 * logits_bytes(4, "float32") + BLOCKS + SMALL


def test_the_counter_sees_every_copy_of_a_whole_log_softmax() -> None:
    """bfloat16 logits, their float32 copy and its log-softmax: five times the logits' bytes."""
    with torch.inference_mode(), LiveMemory() as memory:
        logits = torch.zeros((4, 1000), dtype=torch.bfloat16)
        torch.log_softmax(logits.float(), dim=1)
    assert memory.peak_bytes == 5 * logits.nbytes
