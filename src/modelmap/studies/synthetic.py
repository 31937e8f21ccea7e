"""A synthetic log-likelihood matrix of the papers' size: to measure speed, never for findings."""

import numpy as np
from numpy.typing import NDArray

from modelmap.plumbing.arrays import Matrix

RANK = 40
"""About the components that hold 90% of the variance of the papers' matrix (42)."""


def synthetic_matrix(
    n_models: int, n_texts: int, n_families: int, rng: np.random.Generator
) -> tuple[Matrix, NDArray[np.int64]]:
    """Return made-up log-likelihoods in nats, shape (K, N), and each model's family, shape (K,).

    Texts have their own mean and scale; models lie near their family's centre in RANK dimensions
    of falling variance; noise has Student's t with 3 degrees of freedom, as heavy tails do.
    """
    family = rng.integers(n_families, size=n_models)
    falling = 1.0 / np.sqrt(np.arange(1, RANK + 1))
    centres = rng.standard_normal((n_families, RANK)) * falling
    places = centres[family] + 0.4 * rng.standard_normal((n_models, RANK)) * falling
    loadings = rng.standard_normal((RANK, n_texts))
    scale = 25.0 * rng.lognormal(0.0, 0.6, n_texts)
    noise = 0.05 * rng.standard_t(3, (n_models, n_texts))
    mean = -600.0 - 150.0 * rng.standard_normal(n_texts)
    level = 60.0 * rng.standard_normal((n_models, 1))
    return mean + level + scale * (places @ loadings / np.sqrt(RANK) + noise), family
