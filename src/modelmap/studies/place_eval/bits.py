"""How often the intervals of bits per byte from a few texts contain those of all texts (ours)."""

from collections.abc import Sequence

import numpy as np

from modelmap.divergence.kl import LN2
from modelmap.placing.bits import ratio_with_interval
from modelmap.plumbing.arrays import Indices, Matrix
from modelmap.plumbing.seeds import named_rng

N_SAMPLES = 200
"""More than of the KLs: one sample of texts is easy or hard for all models alike."""


def bits_coverage(
    loglik_nats: Matrix, n_bytes: Indices, sizes: Sequence[int], seed: int
) -> dict[str, float]:
    """Return the share of 95% intervals that contain a model's bits per byte of all texts, by size.

    `loglik_nats` has shape (K, N). The share is over the models and N_SAMPLES samples of texts.
    """
    truth = -loglik_nats.sum(axis=1) / (LN2 * n_bytes.sum())
    orders = [
        named_rng(seed, "place_eval", "bits", str(number)).permutation(len(n_bytes))
        for number in range(N_SAMPLES)
    ]
    found = {}
    for size in sizes:
        covered = [
            low <= bits <= high
            for order in orders
            for row, bits in zip(loglik_nats[:, order[:size]], truth, strict=True)
            for _, low, high in [ratio_with_interval(row, n_bytes[order[:size]], len(n_bytes))]
        ]
        found[f"{size}_texts"] = round(float(np.mean(covered)), 3)
    return found
