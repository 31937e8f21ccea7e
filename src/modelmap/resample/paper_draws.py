"""The random draws of the papers: their seeds and numpy's legacy generator.

They are kept so that results can be compared with the published ones. All other random numbers of
the project come from named seeds (plumbing/seeds.py).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FIRST_SEED = 42
PUBLISHED_SIZES = (*range(10, 100, 10), *range(100, 10_001, 100))
PUBLISHED_TEXTS = 10_000
"""Number of texts (N) of the papers, to which PUBLISHED_SIZES belong."""


def run_seeds(n_runs: int) -> list[int]:
    """Return the papers' seeds of `n_runs` runs: 42, 43 and so on."""
    return list(range(FIRST_SEED, FIRST_SEED + n_runs))


def drawn_texts(probabilities: NDArray[np.float64], size: int, seed: int) -> NDArray[np.int64]:
    """Return the positions of `size` texts drawn with replacement, in the order of the draws.

    `probabilities` has shape (N,) and sums to 1. The draws of a smaller size are the first draws
    of a larger size with the same seed, so one run serves all sizes.
    """
    # With `p` numpy inverts the cumulative distribution, without it draws integers: the same seed
    # then gives other texts. The papers pass `p` for uniform sampling too.
    drawn = np.random.RandomState(seed).choice(len(probabilities), size, p=probabilities)
    return drawn.astype(np.int64)


def grid(n_texts: int, published: Sequence[int] = PUBLISHED_SIZES) -> list[int]:
    """Return the papers' numbers of draws, scaled from 10,000 to `n_texts` texts and rounded.

    They ascend, each occurs once, and numbers below 2 are left out.
    """
    scaled = {round(size * n_texts / PUBLISHED_TEXTS) for size in published}
    return sorted(size for size in scaled if size > 1)
