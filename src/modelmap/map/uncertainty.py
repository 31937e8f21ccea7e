"""How uncertain the place of a model is that is scored on some of the texts only (ours).

A text's part in the KLs of the model moves its place a little. The covariance of the place is the
sum over texts of the squares of these movements, as for a mean of independent values. Movements are
those of one point among fixed ones (spot.py), to first order.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from modelmap.divergence.mixture import Floats, text_sums
from modelmap.map.spot import SpotLoss, map_perplexity, nearness
from modelmap.plumbing.arrays import Indices, Matrix, Vector

SMALLEST_CURVATURE = 1e-2
"""Of the loss, as a share of its largest curvature. A flatter direction is no minimum."""


@dataclass(frozen=True)
class SampledKl:
    """The KLs of a model to K others, in nats per byte, from the d texts that it is scored on."""

    kl: Vector
    """Shape (K,)."""
    influence: Matrix
    """Shape (d, K): how much each text adds to the KLs, less its share by bytes."""
    share: float
    """d divided by the number of all texts."""


def sampled_kl(loglik_nats: Floats, model: int, first: Indices, n_bytes: Indices) -> SampledKl:
    """Return the KLs of model number `model` to the others, from the texts that it is scored on.

    `loglik_nats` has shape (K + 1, W), and may be memory-mapped; see `text_sums` for the others.
    """
    n_segments = np.diff(first, append=len(n_bytes))
    is_scored = np.logical_or.reduceat(~np.isnan(loglik_nats[model]), first)
    columns = np.repeat(is_scored, n_segments)
    values = loglik_nats[:, columns]
    starts = np.cumsum([0, *n_segments[is_scored]])[:-1].astype(np.int64)
    others = np.delete(values, model, axis=0)
    sums = text_sums(values[[model]], others, starts, n_bytes[columns])
    terms, sizes = sums.terms[:, 0], sums.n_bytes[:, 0]
    kl = terms.sum(axis=0) / sizes.sum(axis=0)
    return SampledKl(kl, (terms - kl * sizes) / sizes.sum(axis=0), float(is_scored.mean()))


def place_covariance(sampled: SampledKl, places: Matrix, start: Vector) -> Matrix:
    """Return the covariance of a model's place with respect to all texts, shape (2, 2).

    `places`, shape (K, 2), are those of the other models, and `start` is the model's own.
    """
    perplexity = map_perplexity(len(places))
    near = nearness(sampled.kl, perplexity)
    loss = SpotLoss(near, places)
    point = minimize(loss.value, start, jac=loss.gradient, method="BFGS").x
    values, vectors = np.linalg.eigh(loss.curvature(point))
    values = np.maximum(values, SMALLEST_CURVATURE * max(float(values[-1]), 1e-12))
    inverse = vectors / values @ vectors.T
    changes = [nearness(sampled.kl + text, perplexity) - near for text in sampled.influence]
    moves = np.array(changes) @ loss.pulls(point) @ inverse
    n_texts = len(moves)
    correction = (1 - sampled.share) * n_texts / max(n_texts - 1, 1)
    covariance: Matrix = correction * moves.T @ moves
    return covariance


def ellipses(table: pd.DataFrame) -> pd.DataFrame:
    """Return the ellipse of 1 standard deviation of each place: two axes and an angle.

    `table` has the columns cov_xx, cov_xy and cov_yy. The lengths of the axes are 2 sqrt(lambda),
    where lambda are the eigenvalues of the covariance; the width is the longer one. The angle is
    from the x axis to the longer axis, from 0 to 180 degrees.
    """
    covariance = table[["cov_xx", "cov_xy", "cov_xy", "cov_yy"]].to_numpy().reshape(-1, 2, 2)
    # Eigenvalues ascend. Rounding can make one slightly negative if all places lie on a line.
    values, vectors = np.linalg.eigh(covariance)
    axes = 2 * np.sqrt(np.maximum(values, 0.0))
    longer = vectors[:, :, 1]
    # An eigenvector and its negative are the same axis, so angles 180 degrees apart are equal.
    angle = np.degrees(np.arctan2(longer[:, 1], longer[:, 0])) % 180
    return pd.DataFrame(
        {
            "ellipse_width": axes[:, 1],
            "ellipse_height": axes[:, 0],
            "ellipse_angle_degrees": angle,
        },
        index=table.index,
    )
