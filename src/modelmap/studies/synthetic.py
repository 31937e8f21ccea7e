"""Synthetic log-likelihood matrices of any size, for measurements of speed.

They resemble the papers' matrix only in size, rank and tails: no result is drawn from them.
"""

import numpy as np
from numpy.typing import NDArray

from modelmap.plumbing.arrays import Matrix

RANK = 40
"""Number of components. In the papers' matrix 42 components contain 90% of the variance."""


def synthetic_matrix(
    n_models: int, n_texts: int, n_families: int, rng: np.random.Generator
) -> tuple[Matrix, NDArray[np.int64]]:
    """Return log-likelihoods in nats, shape (K, N), and the family of each model, shape (K,).

    Each text has its own mean and scale. Models are near the centre of their family in RANK
    dimensions of decreasing variance. The noise has heavy tails: Student's t distribution with 3
    degrees of freedom.
    """
    family = rng.integers(n_families, size=n_models)
    decreasing = 1.0 / np.sqrt(np.arange(1, RANK + 1))
    centres = rng.standard_normal((n_families, RANK)) * decreasing
    places = centres[family] + 0.4 * rng.standard_normal((n_models, RANK)) * decreasing
    loadings = rng.standard_normal((RANK, n_texts))
    scale = 25.0 * rng.lognormal(0.0, 0.6, n_texts)
    noise = 0.05 * rng.standard_t(3, (n_models, n_texts))
    mean = -600.0 - 150.0 * rng.standard_normal(n_texts)
    level = 60.0 * rng.standard_normal((n_models, 1))
    return mean + level + scale * (places @ loadings / np.sqrt(RANK) + noise), family
