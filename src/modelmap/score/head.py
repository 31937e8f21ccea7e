"""A model's logits, one block of positions at a time, so that they need little memory.

With a vocabulary of 256,000 the float32 logits of one text of 1,000 tokens take 1 GB.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


def logit_blocks(
    model: "PreTrainedModel", ids: "torch.Tensor", positions: int
) -> Iterator["torch.Tensor"]:
    """Yield the logits in blocks of shape (texts, at most `positions`, vocabulary), in order.

    `ids` are token ids of shape (texts, length). A model whose forward method does not call its
    decoder exactly once yields all positions in one block.
    """
    # The decoder runs once, since its states at one position depend on earlier positions. The
    # head works on each position alone, so it may be given a block at a time. It is run by the
    # model's own forward method, because some models do more there than a matrix product:
    # they soft-cap their logits (Gemma) or scale them (Cohere, Granite).
    decoder = model.get_decoder()
    if ids.shape[1] > positions and decoder is not model:
        states = decoder(input_ids=ids, use_cache=False)
        for start in range(0, ids.shape[1], positions):
            part = slice(start, start + positions)
            output = type(states)(last_hidden_state=states[0][:, part])
            with _replaced_forward(decoder, output) as calls:
                logits = model(input_ids=ids[:, part], use_cache=False).logits
            if len(calls) != 1:
                # get_decoder returned another module than forward uses: these logits may not
                # come from the states that were given. Nothing has been yielded yet.
                break
            yield logits
        else:
            return
    yield model(input_ids=ids, use_cache=False).logits


@contextmanager
def _replaced_forward(decoder: Any, output: Any) -> Iterator[list[None]]:
    """Make the decoder return `output`; yield a list with one item for each call so far."""
    calls: list[None] = []
    # accelerate sets a forward of its own on modules that it moves between devices. It must be
    # restored; on other modules the attribute is deleted, so that the class's method is used.
    own = vars(decoder).get("forward")

    def forward(*_: object, **__: object) -> Any:
        calls.append(None)
        return output

    decoder.forward = forward
    try:
        yield calls
    finally:
        if own is None:
            del decoder.forward
        else:
            decoder.forward = own
