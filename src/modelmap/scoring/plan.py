"""How a model's texts are divided: into shards that are saved, and batches that are run."""

import math
from collections.abc import Sequence

import numpy as np

BYTES_PER_TOKEN = 3.5
BYTES_PER_WEIGHT = 4
FLOP_PER_WEIGHT = 2


def estimated_tflop(weight_bytes: int, text_bytes: int) -> float:
    """Return about how many 10^12 operations scoring takes: 2 x weights x tokens."""
    weights = weight_bytes / BYTES_PER_WEIGHT
    return FLOP_PER_WEIGHT * weights * (text_bytes / BYTES_PER_TOKEN) / 1e12


def shard_rows(n_bytes: Sequence[int], tflop: float, shard_tflop: float) -> list[list[int]]:
    """Return the rows of each shard: as many shards as the work fills, each with a like mix.

    The longest text comes first, and neighbours in length go to different shards.
    """
    n_shards = min(len(n_bytes), max(1, math.ceil(tflop / shard_tflop)))
    longest_first = np.argsort(-np.asarray(n_bytes), kind="stable")
    return [longest_first[k::n_shards].tolist() for k in range(n_shards)]


def batches(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Return indices in batches, longest first, of at most `budget` tokens padding included.

    A text longer than the budget is a batch of its own.
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
