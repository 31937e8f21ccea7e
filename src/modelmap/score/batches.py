"""How a model's texts are divided: into batches that are run, and shards that are saved."""

from collections.abc import Sequence

import numpy as np

BYTES_PER_TOKEN = 3.5
FLOP_PER_WEIGHT = 2


def estimated_tflop(n_weights: int, text_bytes: int) -> float:
    """Return about how many 10^12 operations scoring takes: 2 x weights x tokens."""
    return work_tflop(n_weights, text_bytes / BYTES_PER_TOKEN)


def work_tflop(n_weights: int, n_tokens: float) -> float:
    """Return 2 x weights x tokens, in 10^12 operations."""
    return FLOP_PER_WEIGHT * n_weights * n_tokens / 1e12


def batches(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Return indices in batches, longest first, of at most `budget` tokens padding included.

    A text longer than the budget is a batch of its own. Any run of these batches, divided again
    by itself, gives the same batches.
    """
    order = np.argsort(-np.asarray(lengths), kind="stable").tolist()
    made: list[list[int]] = []
    for index in order:
        fits = made and (len(made[-1]) + 1) * lengths[made[-1][0]] <= budget
        if fits:
            made[-1].append(index)
        else:
            made.append([index])
    return made


def shard_rows(
    lengths: Sequence[int], budget: int, n_weights: int, shard_tflop: float
) -> list[list[int]]:
    """Return the rows of each shard: batches in their order, until they fill `shard_tflop`.

    The batches are those of all texts together: they depend on the lengths and the budget alone.
    """
    shards: list[list[int]] = []
    room = 0.0
    for batch in batches(lengths, budget):
        if room <= 0.0:
            shards.append([])
            room = shard_tflop
        shards[-1].extend(batch)
        room -= work_tflop(n_weights, sum(lengths[row] for row in batch))
    return shards
