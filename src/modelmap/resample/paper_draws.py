"""The papers' own draws: their seeds and numpy's legacy generator, and nothing else.

Everything else that is random here uses named seeds.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FIRST_SEED = 42
PUBLISHED_SIZES = (*range(10, 100, 10), *range(100, 10_001, 100))
PUBLISHED_TEXTS = 10_000


def run_seeds(n_runs: int) -> list[int]:
    """Return the papers' seeds of R runs: 42, 43 and so on."""
    return list(range(FIRST_SEED, FIRST_SEED + n_runs))


def drawn_texts(probabilities: NDArray[np.float64], size: int, seed: int) -> NDArray[np.int64]:
    """Return `size` texts drawn with replacement, in the order of the draws.

    A smaller size of the same seed is a prefix of a larger one. `p` is passed for uniform
    sampling too, as the papers did: without it the same seed draws differently.
    """
    drawn = np.random.RandomState(seed).choice(len(probabilities), size, p=probabilities)
    return drawn.astype(np.int64)


def grid(n_texts: int, published: Sequence[int] = PUBLISHED_SIZES) -> list[int]:
    """Return the papers' numbers of draws, scaled to N texts, rounded, each once and above 1."""
    scaled = {round(size * n_texts / PUBLISHED_TEXTS) for size in published}
    return sorted(size for size in scaled if size > 1)
