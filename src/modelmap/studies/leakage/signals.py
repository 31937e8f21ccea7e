"""Signals of a new model that may have been trained on the texts it is scored on (ours).

Oyama et al. 2025 (ACL) suspects a model whose mean log-likelihood is far above what its benchmark
score predicts. Here the known models take the place of the benchmark: all signals but the last
are known to a user of `modelmap place`.
"""

from dataclasses import dataclass

import numpy as np

from modelmap.divergence.kl import LN2
from modelmap.divergence.mixture import Floats, mixture_kl, text_sums
from modelmap.placing.gain import gain_beyond_kl
from modelmap.plumbing.arrays import Indices, Mask, Vector

SIGNALS = ("gain_over_kl", "gain_beyond_kl", "one_sided", "uneven_gain", "known_texts")


@dataclass(frozen=True)
class Known:
    """The known models, on the texts that the new model is scored on."""

    names: list[str]
    segments_nats: Floats
    """Shape (K, W); NaN where a segment is not wholly scored."""
    first: Indices
    """Shape (N,): the first segment of each text."""
    n_bytes: Indices
    """Shape (W,)."""


def signals(new: Floats, known: Known, leaked: Mask) -> dict[str, object]:
    """Return the signals of a model, and the nearest known one, by the columns of LEAKAGE.

    `new` are the log-likelihoods of segments in nats, shape (W,), and `leaked`, shape (N,), says
    which texts the model with leaked texts was fine-tuned on. A signal of 0 over a KL of 0 is 0.
    """
    kl = mixture_kl(new[None], known.segments_nats, known.n_bytes)[0]
    nearest = int(np.argmin(kl))
    gains, n_bytes = text_gains(new, known.segments_nats[nearest], known.first, known.n_bytes)
    gain = float((gains * n_bytes).sum() / n_bytes.sum())
    near = known.segments_nats[[nearest]]
    sums = text_sums(new[None], near, known.first, known.n_bytes)
    return {
        "nearest": known.names[nearest],
        "kl_bits_per_byte": float(kl[nearest]),
        "gain": gain,
        "gain_over_kl": _over(gain, float(kl[nearest])),
        "gain_beyond_kl": gain_beyond_kl(new, near[0], known.first),
        "one_sided": float(abs(sums.preference.sum() / sums.n_segments.sum())),
        "uneven_gain": _over(float(gains.std()), float(np.sqrt(kl[nearest]))),
        "known_texts": float(gains[leaked].mean() - gains[~leaked].mean()),
    }


def own_statistics(known: Known) -> Vector:
    """Return `gain_beyond_kl` of each known model over the nearest of the others, shape (K,)."""
    values = known.segments_nats
    kl = mixture_kl(values, values, known.n_bytes)
    np.fill_diagonal(kl, np.inf)
    nearest = kl.argmin(axis=1)
    return np.array(
        [
            gain_beyond_kl(new, values[near], known.first)
            for new, near in zip(values, nearest, strict=True)
        ]
    )


def text_gains(
    new: Floats, other: Floats, first: Indices, n_bytes: Indices
) -> tuple[Vector, Vector]:
    """Return how many bits per byte less each text has under the new model, and its bytes.

    `new` and `other` are log-likelihoods of segments, shape (W,). Segments that are not scored
    under both models do not count.
    """
    difference = (new - other).astype(np.float64)
    scored = ~np.isnan(difference)
    sums = np.add.reduceat(np.where(scored, difference, 0.0), first)
    scored_bytes = np.add.reduceat(np.where(scored, n_bytes, 0), first).astype(np.float64)
    return sums / (np.maximum(scored_bytes, 1) * LN2), scored_bytes


def _over(value: float, unit: float) -> float:
    return value / unit if unit > 0 else 0.0
