"""KL divergences of a new model from a few texts, with the help of the known models (ours).

The new model x is scored on a sample S of d texts, and the known models on all N texts. The plain
estimate of the KL to model j is sum_S t_s(x, j) / sum_S b_s. How much a text adds to a KL is much
the same for models that are alike. So the KLs of known models, which are known from all texts, tell
by how much the texts of S make a KL too large or too small. They are used twice:

1. The texts get weights w, for which the KLs of known models from S are near those from all texts
   (calibration of survey weights, with a penalty as in ridge regression; Deville and Sarndal 1992).
   With y_s(a, b) the residual of text s for a pair of known models, relative to their KL, w is
   proportional to (M + PENALTY I)^-1 1, where M is the mean of y y' over pairs.
2. What is left is corrected by a ratio (Cochran 1977, Chapter 6):
   KL(x, j) = sum_S w t(x, j) / sum_S w b * (KL(a, j) from all texts) / (KL(a, j) from S, with w),
   as the geometric mean over the known models a.

In both, models a that are near x count more.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from modelmap.plumbing.arrays import Mask, Matrix, Vector

PENALTY = 0.02
"""Of the weights: the variance of a text's relative residual that no known model shares."""
NEAR_POWER = 2
"""A known model counts by its KL from the new model to this power: half the KL, four times."""
ALIKE = 8
"""Models j whose KL to each other is below 1 / ALIKE of that to x share a ratio in part, so that
its error does not change which of them is nearer to x."""
ENOUGH_MODELS = 20
"""With as many known models intervals are made narrower too, if they hold too often."""
WIDEST = 50.0
"""Of the half widths of the intervals of log KL."""
SMALLEST_KL = 1e-9
"""In nats per byte: below it models are the same."""


@dataclass(frozen=True)
class Sample:
    """Sums of the d sampled texts for pairs of models, and the KLs of known models from all texts.

    All are in nats and bytes; K is the number of known models.
    """

    terms: Matrix
    """Shape (d, K): of the new model and each known model."""
    n_bytes: Matrix
    """Shape (d, K): the bytes of the segments that the terms are sums over."""
    known_terms: np.ndarray
    """Shape (d, K, K): of every two known models."""
    known_bytes: np.ndarray
    """Shape (d, K, K)."""
    known_kl: Matrix
    """Shape (K, K): the KL of every two known models from all texts, in nats per byte."""
    share: float
    """The number of sampled texts divided by that of all texts."""

    def without(self, model: int) -> "Sample":
        """Return the sample in which known model number `model` is the new model."""
        others = np.delete(np.arange(len(self.known_kl)), model)
        square = np.ix_(np.arange(len(self.terms)), others, others)
        return Sample(
            self.known_terms[:, model, others],
            self.known_bytes[:, model, others],
            self.known_terms[square],
            self.known_bytes[square],
            self.known_kl[np.ix_(others, others)],
            self.share,
        )


@dataclass(frozen=True)
class Distances:
    """The KLs of the new model to the K known models, in nats per byte, each of shape (K,)."""

    kl: Vector
    relative_error: Vector
    """The estimated standard error with respect to all texts, divided by the KL."""


def plain(sample: Sample) -> Vector:
    """Return the KLs from the sampled texts alone, in nats per byte, shape (K,)."""
    estimate: Vector = sample.terms.sum(axis=0) / sample.n_bytes.sum(axis=0)
    return estimate


def plain_texts_needed(sample: Sample, relative_error: float) -> int:
    """Return how many texts the plain estimate needs for a relative error, at least those sampled.

    The error is the root mean square over the known models of the standard errors, divided by the
    KLs, for a simple random sample of the N texts.
    """
    shares = _shares(sample.terms, sample.n_bytes)
    n_texts = len(shares)
    n_all = round(n_texts / sample.share)
    # (1 / n - 1 / N) times this is the squared error of n texts.
    of_one = n_texts**2 / max(n_texts - 1, 1) * np.square(shares).sum(axis=0).mean()
    if of_one == 0:
        return n_texts
    needed = 1 / (1 / n_all + relative_error**2 / float(of_one))
    return max(n_texts, min(int(np.ceil(needed)), n_all))


def distances(sample: Sample) -> Distances:
    """Return the KLs of the new model, by weights of texts and ratios from the known models."""
    near = plain(sample) + SMALLEST_KL
    nearness = (near.min() / near) ** NEAR_POWER
    weights = text_weights(sample, nearness)
    shares = _shares(weights[:, None] * sample.terms, weights[:, None] * sample.n_bytes)
    kl = (weights @ sample.terms) / (weights @ sample.n_bytes)
    ratio, residuals = _ratios(sample, weights, nearness, kl)
    n_texts = len(weights)
    factor = (1 - sample.share) * n_texts / max(n_texts - 1, 1)
    variance = factor * np.square(shares - residuals).sum(axis=0)
    return Distances(kl * ratio, np.sqrt(variance))


def text_weights(sample: Sample, nearness: Vector) -> Vector:
    """Return the weights of the sampled texts, at least 0, shape (d,); only their ratios matter.

    `nearness` says how much each known model counts, shape (K,).
    """
    is_pair = sample.known_kl > 0
    scale = np.where(is_pair, sample.known_kl * sample.known_bytes.mean(axis=0), 1.0)
    residuals = (sample.known_terms - sample.known_kl * sample.known_bytes) / scale
    of_pairs = is_pair * nearness[:, None]
    counted = np.sqrt(of_pairs / max(of_pairs.sum(), SMALLEST_KL))
    n_texts = len(residuals)
    flat = (residuals * counted).reshape(n_texts, -1)
    weights = np.linalg.solve(flat @ flat.T + PENALTY * np.eye(n_texts), np.ones(n_texts))
    positive: Vector = np.maximum(weights, 0.0)
    return positive


def _shares(weighted_terms: Matrix, weighted_bytes: Matrix) -> Matrix:
    """Return each text's share of the sum of terms minus its share of the bytes, by column."""
    total = weighted_terms.sum(axis=0)
    is_some = total > 0
    of_bytes = weighted_bytes / weighted_bytes.sum(axis=0)
    shares: Matrix = np.where(
        is_some, weighted_terms / np.where(is_some, total, 1.0) - of_bytes, 0.0
    )
    return shares


def _ratios(sample: Sample, weights: Vector, nearness: Vector, kl: Vector) -> tuple[Vector, Matrix]:
    """Return the factor that corrects the KL to each known model j, shape (K,), and its residuals.

    The residuals say by how much each text changes the logarithm of the factor, shape (d, K).
    """
    terms, n_bytes = (
        np.tensordot(weights, values, 1) for values in (sample.known_terms, sample.known_bytes)
    )
    is_pair = (sample.known_kl > 0) & (terms > 0)
    terms = np.where(is_pair, terms, 1.0)
    logs = np.log(np.where(is_pair, sample.known_kl * n_bytes / terms, 1.0))
    counted = is_pair * nearness[:, None]
    alike = np.maximum(1 - ALIKE * sample.known_kl / (kl[:, None] + SMALLEST_KL), 0.0)
    total = alike @ counted.sum(axis=0)
    divisor = np.where(total > 0, total, 1.0)
    ratio = np.exp(alike @ (counted * logs).sum(axis=0) / divisor)
    shares = np.einsum("sab,ab->sb", sample.known_terms, counted / terms)
    shares -= np.einsum("sab,ab->sb", sample.known_bytes, counted / n_bytes)
    return ratio, (weights[:, None] * shares) @ alike.T / divisor


def tied(sample: Sample, kl: Vector) -> Mask:
    """Return which known models are not shown to be farther than the nearest one by `kl`, at 95%.

    The texts are paired: the same ones give both KLs, so that their difference is more certain than
    either of them.
    """
    nearest, n_texts = int(np.argmin(kl)), len(sample.terms)
    per_byte = sample.terms / sample.n_bytes.sum(axis=0) * n_texts
    differences = per_byte - per_byte[:, [nearest]]
    error = differences.std(axis=0, ddof=1) / np.sqrt(n_texts) if n_texts > 1 else np.inf
    quantile = float(stdtrit(max(n_texts - 1, 1), 0.95))
    is_tied: Mask = plain(sample) - plain(sample)[nearest] <= quantile * error
    is_tied[nearest] = True
    return is_tied


def intervals(found: Distances, n_texts: int, widening: float) -> tuple[Vector, Vector]:
    """Return the ends of the 95% intervals of the KLs, which are symmetric in log KL.

    `widening` multiplies the standard errors (`calibrated_widening`).
    """
    quantile = float(stdtrit(max(n_texts - 1, 1), 0.975))
    # From very few texts an interval may be as good as unbounded. Its ends stay finite numbers.
    factor = np.exp(np.minimum(quantile * widening * found.relative_error, WIDEST))
    return found.kl / factor, found.kl * factor


def calibrated_widening(sample: Sample) -> float:
    """Return the factor by which standard errors are multiplied, so that intervals hold.

    Each known model takes the place of the new one in turn, and its KLs are known. The factor is
    such that 95% of these intervals contain them. With few known models it is at least 1.
    """
    needed = []
    for model in range(len(sample.known_kl)):
        held_out = sample.without(model)
        found = distances(held_out)
        truth = np.delete(sample.known_kl[model], model)
        usable = (truth > 0) & (found.kl > 0) & (found.relative_error > 0)
        off = np.abs(np.log(found.kl[usable] / truth[usable]))
        needed.append(off / found.relative_error[usable])
    errors = np.concatenate([*needed, np.zeros(1)])
    quantile = float(stdtrit(max(len(sample.terms) - 1, 1), 0.975))
    factor = float(np.quantile(errors, 0.95)) / quantile
    return factor if len(sample.known_kl) >= ENOUGH_MODELS else max(1.0, factor)
