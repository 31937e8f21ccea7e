"""A model's logits, a block of positions at a time, by the model's own forward."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


def logit_blocks(
    model: "PreTrainedModel", ids: "torch.Tensor", positions: int
) -> Iterator["torch.Tensor"]:
    """Yield the logits of ids in order, shape (texts, at most `positions`, vocabulary).

    The decoder runs once. The model's own forward then runs for each block with those hidden
    states in place of its decoder, so that all it does after its matrix product (soft-capping, a
    scale) is done. A model whose forward does not ask its decoder once gives all in one block.
    """
    decoder = model.get_decoder()
    if ids.shape[1] > positions and decoder is not model:
        states = decoder(input_ids=ids, use_cache=False)
        for start in range(0, ids.shape[1], positions):
            part = slice(start, start + positions)
            with _answering(decoder, type(states)(last_hidden_state=states[0][:, part])) as asked:
                logits = model(input_ids=ids[:, part], use_cache=False).logits
            if len(asked) != 1:
                break
            yield logits
        else:
            return
    yield model(input_ids=ids, use_cache=False).logits


@contextmanager
def _answering(decoder: Any, answer: Any) -> Iterator[list[None]]:
    """Let the decoder's forward give `answer`; yield a list that grows each time it is asked."""
    asked: list[None] = []
    # accelerate puts a forward of its own on a module that it moves between devices.
    own = vars(decoder).get("forward")

    def forward(*_: object, **__: object) -> Any:
        asked.append(None)
        return answer

    decoder.forward = forward
    try:
        yield asked
    finally:
        if own is None:
            del decoder.forward
        else:
            decoder.forward = own
