"""Small matrices of log-likelihoods for tests."""

import numpy as np

from modelmap.matrix.segments_file import SegmentLogliks
from modelmap.plumbing.arrays import Matrix


def made_up(n_models: int, n_texts: int, seed: int = 0) -> Matrix:
    """Return heavy-tailed log-likelihoods in nats with texts of unequal spread, (K, N)."""
    rng = np.random.default_rng(seed)
    spread = rng.lognormal(1.0, 1.0, n_texts)
    shared = rng.standard_normal((n_models, 2)) @ rng.standard_normal((2, n_texts))
    return -500.0 + spread * (shared + 0.5 * rng.standard_t(4, (n_models, n_texts)))


def made_up_segments(n_texts: int = 80) -> SegmentLogliks:
    """Return log-likelihoods of six models on texts of 4 to 30 segments."""
    rng = np.random.default_rng(0)
    n_segments = rng.integers(4, 31, n_texts)
    first = np.concatenate([[0], np.cumsum(n_segments)[:-1]])
    spread = np.repeat(rng.lognormal(0, 0.5, n_texts), n_segments)
    values = rng.standard_normal((6, n_segments.sum())) * spread - 5
    models = [f"m{i}" for i in range(6)]
    sizes = rng.integers(1, 9, n_segments.sum())
    return SegmentLogliks(values.astype(np.float32), models, first, sizes, "made up")
