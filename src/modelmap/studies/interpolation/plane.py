"""How near log-likelihood vectors of mixed weights are to the plane through three of them.

Oyama et al. 2025 (ACL), Section 6.3, shows such vectors by two principal components. The shares of
variance, the places that the weights say and the intervals are ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelmap.divergence.interval import percentile_ends
from modelmap.plumbing.arrays import Mask, Matrix, Vector

CORNERS = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
"""The weights (a, b) of the base, of the first and of the second fine-tune."""


@dataclass(frozen=True)
class Places:
    """The places of P models with respect to the plane through three of them, lengths in nats."""

    in_plane: Matrix
    """Shape (P, 2): coordinates from the base, the first along the line to the first fine-tune."""
    expected: Matrix
    """Shape (P, 2): the coordinates that the weights (a, b) say."""
    off_plane: Vector
    """Shape (P,): distances from the plane."""


def places(vectors: Matrix, weights: Matrix) -> Places:
    """Return the places of models from their vectors, shape (P, n), and weights, shape (P, 2).

    Raises ValueError if the weights of a corner are not there, or if the corners are on one line.
    """
    base, first, second = (vectors[_row(weights, corner)] for corner in CORNERS)
    axes, lengths = np.linalg.qr(np.stack([first - base, second - base], axis=1))
    if np.abs(np.diag(lengths)).min() <= 1e-9 * np.abs(lengths).max():
        raise ValueError("the three corners are on one line")
    # QR gives axes up to their signs: the first fine-tune is to be on the right, the second above.
    signs = np.sign(np.diag(lengths))
    axes, lengths = axes * signs, lengths * signs[:, None]
    from_base = vectors - base
    in_plane = from_base @ axes
    off_plane = np.linalg.norm(from_base - in_plane @ axes.T, axis=1)
    return Places(in_plane, weights @ lengths.T, off_plane)


def _row(weights: Matrix, corner: tuple[float, float]) -> int:
    rows = np.flatnonzero((weights == corner).all(axis=1))
    if len(rows) != 1:
        raise ValueError(f"needs one model with the weights {corner}, and there are {len(rows)}")
    return int(rows[0])


def shares(vectors: Matrix, weights: Matrix) -> dict[str, float]:
    """Return shares of the variance of vectors, shape (P, n), around their mean.

    - `plane`: 1 less the squared distances from the plane through the corners;
    - `components`: that of the first two principal components, at least as large as `plane`;
    - `weights`: 1 less the squared distances from the places that the weights say.
    """
    found = places(vectors, weights)
    squares = np.linalg.svd(vectors - vectors.mean(axis=0), compute_uv=False) ** 2
    total = squares.sum()
    off = np.square(found.off_plane).sum()
    moved = np.square(found.in_plane - found.expected).sum()
    return {
        "plane": float(1 - off / total),
        "components": float(squares[:2].sum() / total),
        "weights": float(1 - (off + moved) / total),
    }


def joined(blocks: Sequence[Matrix], is_centred: bool) -> Matrix:
    """Return the vectors of models, shape (P, n), from a block of columns for each text.

    If `is_centred`, the mean of each vector is subtracted, as in the papers' coordinates.
    """
    vectors = np.concatenate(blocks, axis=1)
    return vectors - vectors.mean(axis=1, keepdims=True) if is_centred else vectors


def share_intervals(
    blocks: Sequence[Matrix],
    weights: Matrix,
    chosen: Mask,
    is_centred: bool,
    n_bootstrap: int,
    rng: np.random.Generator,
) -> dict[str, dict[str, float]]:
    """Return the shares of some models with 95% intervals over texts (percentile bootstrap).

    `blocks` are the columns of each text, shapes (P, n_s), and `chosen`, shape (P,), are the models
    whose variance counts. Intervals are of samples of as many texts with replacement. The share of
    a sample that has fewer than four different texts is left out: three dimensions hold little
    besides a plane.
    """
    few = [block[chosen] for block in blocks]
    value = shares(joined(few, is_centred), weights[chosen])
    drawn = rng.integers(len(few), size=(n_bootstrap, len(few)))
    samples = [
        shares(joined([few[text] for text in texts], is_centred), weights[chosen])
        for texts in drawn
        if len(np.unique(texts)) > 3
    ]
    ends = {name: percentile_ends(np.array([one[name] for one in samples])) for name in value}
    return {
        name: {"share": round(value[name], 4), "low": round(low, 4), "high": round(high, 4)}
        for name, (low, high) in ends.items()
    }
