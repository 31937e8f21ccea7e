"""Small matrices of log-likelihoods for tests."""

import numpy as np

from modelmap.plumbing.arrays import Matrix


def made_up(n_models: int, n_texts: int, seed: int = 0) -> Matrix:
    """Return heavy-tailed log-likelihoods in nats with texts of unequal spread, (K, N)."""
    rng = np.random.default_rng(seed)
    spread = rng.lognormal(1.0, 1.0, n_texts)
    shared = rng.standard_normal((n_models, 2)) @ rng.standard_normal((2, n_texts))
    return -500.0 + spread * (shared + 0.5 * rng.standard_t(4, (n_models, n_texts)))
