"""KL divergences of a new model from a few texts, with the help of the known models (ours).

The new model x is scored on a sample S of d texts, and the known models on all N texts. The plain
estimate of the KL to model j is sum_S t_s(x, j) / sum_S b_s. How much a text adds to a KL is much
the same for models that are alike. So a control, the same quantity for known models, tells by how
much the texts of S make a KL too large or too small:

    KL(x, j) = plain estimate * (control from all texts) / (control from S).

This is the ratio estimator of survey sampling (Cochran 1977, Chapter 6), with S a simple random
sample. Two controls are tried: the KL to j of the known model that is nearest to x, and the mean KL
of pairs of known models. The one with the smallest estimated error is used, or none.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from modelmap.plumbing.arrays import Matrix, Vector

PLAIN, NEAREST, TYPICAL = "plain", "nearest", "typical"
"""No control; the KLs of the nearest known model; the mean KL of pairs of known models."""


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
    control: str
    """PLAIN, NEAREST or TYPICAL."""


def distances(sample: Sample) -> Distances:
    """Return the KLs of the new model by the control with the smallest estimated error."""
    found = {name: _by_ratio(sample, control) for name, control in _controls(sample).items()}
    best = min(found, key=lambda name: float(np.square(found[name].relative_error).mean()))
    return found[best]


def plain(sample: Sample) -> Vector:
    """Return the KLs from the sampled texts alone, in nats per byte, shape (K,)."""
    estimate: Vector = sample.terms.sum(axis=0) / sample.n_bytes.sum(axis=0)
    return estimate


@dataclass(frozen=True)
class _Control:
    """A quantity that is known from all texts, for each known model j."""

    name: str
    terms: Matrix
    """Shape (d, K): its terms in the sampled texts."""
    n_bytes: Matrix
    """Shape (d, K)."""
    from_all: Vector
    """Shape (K,): its value from all texts, in nats per byte."""


def _controls(sample: Sample) -> Mapping[str, _Control | None]:
    n_models = len(sample.known_kl)
    if n_models < 3:
        return {PLAIN: None}
    nearest, second = np.argsort(plain(sample), kind="stable")[:2]
    # The nearest model's KL to itself is 0: there the second nearest takes its place.
    which = np.where(np.arange(n_models) == nearest, second, nearest)
    columns = np.arange(n_models)
    above = np.triu_indices(n_models, k=1)
    mean = np.broadcast_to(sample.known_kl[above].mean(), n_models)
    terms, n_bytes = (
        np.repeat(values[:, *above].mean(axis=1)[:, None], n_models, axis=1)
        for values in (sample.known_terms, sample.known_bytes)
    )
    return {
        PLAIN: None,
        NEAREST: _Control(
            NEAREST,
            sample.known_terms[:, which, columns],
            sample.known_bytes[:, which, columns],
            sample.known_kl[which, columns],
        ),
        TYPICAL: _Control(TYPICAL, terms, n_bytes, mean),
    }


def _by_ratio(sample: Sample, control: _Control | None) -> Distances:
    """Return the estimate by a control, or the plain one, with its estimated relative error."""
    n_texts = len(sample.terms)
    kl = plain(sample)
    # Relative residuals of each text: how far its share of the sum is from its share of the bytes,
    # or of the control.
    shares = _shares(sample.terms)
    if control is None:
        residuals = shares - _shares(sample.n_bytes)
    else:
        in_sample = control.terms.sum(axis=0) / control.n_bytes.sum(axis=0)
        usable = in_sample > 0
        kl = np.where(usable, kl * control.from_all / np.where(usable, in_sample, 1.0), kl)
        residuals = shares - np.where(usable, _shares(control.terms), _shares(sample.n_bytes))
    variance = (1 - sample.share) * n_texts / max(n_texts - 1, 1) * np.square(residuals).sum(axis=0)
    return Distances(kl, np.sqrt(variance), PLAIN if control is None else control.name)


def _shares(terms: Matrix) -> Matrix:
    total = terms.sum(axis=0)
    shares: Matrix = np.divide(terms, total, where=total > 0, out=np.zeros_like(terms))
    return shares


def intervals(found: Distances, n_texts: int, widening: float) -> tuple[Vector, Vector]:
    """Return the ends of the 95% intervals of the KLs, which are symmetric in log KL.

    `widening` multiplies the standard errors (`calibrated_widening`).
    """
    quantile = float(stdtrit(max(n_texts - 1, 1), 0.975))
    factor = np.exp(quantile * widening * found.relative_error)
    return found.kl / factor, found.kl * factor


def calibrated_widening(sample: Sample) -> float:
    """Return the factor by which standard errors are multiplied, so that intervals hold.

    Each known model takes the place of the new one in turn, and its KLs are known. The factor is
    such that 95% of these intervals contain them; it is at least 1.
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
    return max(1.0, float(np.quantile(errors, 0.95)) / quantile)
