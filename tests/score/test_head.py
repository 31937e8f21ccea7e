"""Logits in blocks are the model's logits."""

import pytest
import torch
from helpers.live_memory import LiveMemory
from helpers.model_kinds import KINDS, kind_model, sequences

from modelmap.score.head import logit_blocks

VOCABULARY = 256_000


@pytest.mark.parametrize("kind", KINDS)
def test_blocks_of_positions_are_the_whole_forwards_logits(kind: str) -> None:
    """Whatever the head does, and whatever the decoder needs of the whole text."""
    model, ids = kind_model(kind), torch.tensor(sequences(20, 20))
    with torch.inference_mode():
        whole = model(ids, use_cache=False).logits
        blocks = list(logit_blocks(model, ids, 7))
    assert [block.shape[1] for block in blocks] == [7, 7, 6]
    torch.testing.assert_close(torch.cat(blocks, dim=1), whole, rtol=0, atol=1e-5)
    assert "forward" not in vars(model.get_decoder())


def test_a_model_that_hides_its_decoder_gives_one_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is replaced that the model's forward does not ask."""
    model, ids = kind_model("sliding window"), torch.tensor(sequences(20))
    whole = model(ids, use_cache=False).logits
    monkeypatch.setattr(model, "get_decoder", lambda: kind_model("scaled logits").get_decoder())
    (block,) = logit_blocks(model, ids, 7)
    assert torch.equal(block, whole)


@pytest.mark.parametrize("kind", ["soft-capped logits and sliding window", "sliding window"])
def test_memory_does_not_grow_with_the_text(kind: str) -> None:
    """Blocks of four positions of 60 hold two blocks' logits at most, not 60 positions'."""
    model, ids = kind_model(kind, "float32", VOCABULARY), torch.tensor(sequences(60))
    with torch.inference_mode(), LiveMemory() as memory:
        for block in logit_blocks(model, ids, 4):
            block.sum()
    assert memory.peak_bytes < 3 * 4 * 4 * VOCABULARY + 100_000
