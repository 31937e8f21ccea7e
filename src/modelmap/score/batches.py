"""Division of a model's texts into batches (one forward pass each) and shards (one file each).

The division depends only on the texts' lengths in tokens, the model's size and the hardware
settings, so it is the same whichever workers score the texts, and however many there are.
"""

from collections.abc import Sequence

import numpy as np

# A rough value of common tokenizers, for estimates that are made before texts are tokenised.
BYTES_PER_TOKEN = 3.5
# A forward pass multiplies and adds once for each weight and token.
FLOP_PER_WEIGHT = 2


def estimated_tflop(n_weights: int, text_bytes: int) -> float:
    """Return an estimate of the 10^12 operations (TFLOP) that scoring `text_bytes` bytes takes."""
    return work_tflop(n_weights, text_bytes / BYTES_PER_TOKEN)


def work_tflop(n_weights: int, n_tokens: float) -> float:
    """Return the operations of a forward pass in 10^12 (TFLOP): 2 x weights x tokens."""
    return FLOP_PER_WEIGHT * n_weights * n_tokens / 1e12


def batches(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Return the indices of the texts in batches of at most `budget` tokens, padding included.

    `lengths` are in tokens. Texts are taken from the longest to the shortest. A text that is
    longer than the budget is a batch of its own.
    """
    # Sorted by length, the texts of a batch have similar lengths, so little is padding; and the
    # largest passes come first, so that too little memory shows at once. The sort is stable:
    # batches, and with them the last digits of scores, are the same in every run.
    order = np.argsort(-np.asarray(lengths), kind="stable").tolist()
    divided: list[list[int]] = []
    for index in order:
        # A batch is padded to its first text, the longest. Whether a text fits depends on its own
        # batch alone, so consecutive batches that are divided again give the same batches: a
        # shard recovers its batches from its rows.
        fits = divided and (len(divided[-1]) + 1) * lengths[divided[-1][0]] <= budget
        if fits:
            divided[-1].append(index)
        else:
            divided.append([index])
    return divided


def shard_rows(
    lengths: Sequence[int], budget: int, n_weights: int, shard_tflop: float
) -> list[list[int]]:
    """Return the rows of each shard: consecutive batches, until they reach `shard_tflop`.

    `lengths` are in tokens; `budget` is the number of tokens per batch, padding included.
    """
    # All texts are divided into batches first, and the batches into shards. If each shard formed
    # its own batches, padding, and with it rounding, would depend on the size of the shards.
    shards: list[list[int]] = []
    left_tflop = 0.0
    for batch in batches(lengths, budget):
        if left_tflop <= 0.0:
            shards.append([])
            left_tflop = shard_tflop
        shards[-1].extend(batch)
        left_tflop -= work_tflop(n_weights, sum(lengths[row] for row in batch))
    return shards
