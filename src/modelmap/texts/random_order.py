"""The random order of texts: the first N of them are a simple random sample for every N (ours)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from modelmap.plumbing.arrays import Vector
from modelmap.plumbing.seeds import named_seed


def permanent_random_numbers(texts: Sequence[str], seed: int) -> Vector:
    """Return a number in (0, 1) for each text, computed from the seed of the plan and the text.

    The number of a text does not change when other texts are added or removed.
    """
    drawn = np.array([named_seed(seed, "plan", text) for text in texts], dtype=np.float64)
    # The half keeps the number above 0.
    return (drawn + 0.5) / 2.0**63


def first_in_random_order(texts: pd.DataFrame, n_texts: int, seed: int) -> list[int]:
    """Return the ids of the `n_texts` texts with the smallest random numbers, in ascending order.

    `texts` has the columns text_id and text. If there are fewer texts, all ids are returned.
    """
    numbers = permanent_random_numbers(texts["text"].tolist(), seed)
    chosen = np.argsort(numbers, kind="stable")[:n_texts]
    return sorted(texts["text_id"].to_numpy()[chosen].tolist())
