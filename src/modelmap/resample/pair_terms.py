"""Errors of the mixture estimates of KL from a sample of texts (ours).

From a sample the estimate of a pair is sum_s w_s t_s / sum_s w_s b_s, with the sum t_s of a text's
terms, its bytes b_s and weights w_s = 1 / pi_s (docs/methods-divergence.md). Its error is the
difference from the estimate from all texts.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from modelmap.divergence.kl import no_difference
from modelmap.divergence.mixture import pair_sums
from modelmap.divergence.neighbours import sampled_pairs
from modelmap.matrix.segments_file import SegmentLogliks
from modelmap.plumbing.arrays import Mask, Matrix, Vector
from modelmap.plumbing.seeds import named_rng
from modelmap.resample.errors import root_mean_square
from modelmap.resample.estimate import UniqueTexts

MAX_PAIRS = 2_000
"""Number of pairs of models whose errors are measured at most. They are drawn at random."""


@dataclass(frozen=True)
class PairTerms:
    """Sums of N texts for P pairs of models that differ; both of shape (N, P)."""

    terms: Matrix
    """In nats."""
    n_bytes: Matrix

    def reason_if_identical(self) -> str | None:
        """Return why there is nothing to estimate, or None if some models differ."""
        return None if self.terms.size else no_difference()

    @property
    def kl(self) -> Vector:
        """Return the estimates from all texts in nats per byte, shape (P,)."""
        kl: Vector = self.terms.sum(axis=0) / self.n_bytes.sum(axis=0)
        return kl

    def relative_errors(self, sample: UniqueTexts) -> Vector:
        """Return the errors of a sample's estimates relative to those from all texts, (P,)."""
        errors: Vector = self._ratio(sample) / self.kl - 1
        return errors

    def relative_error(self, sample: UniqueTexts) -> float:
        """Return the root mean square over pairs of `relative_errors`."""
        return root_mean_square(self.relative_errors(sample))

    def covered(self, sample: UniqueTexts) -> Mask:
        """Return for each pair whether its 95% interval contains the estimate from all texts.

        The interval is computed from the sample alone, and is symmetric in log KL.
        """
        ratio, weights = self._ratio(sample), sample.squared_weights[:, None]
        residuals = weights * (self.terms[sample.texts] - ratio * self.n_bytes[sample.texts])
        # As in design_variance.estimated_variances: each open text counts 1 - pi times.
        open_share = 1 - 1 / weights
        n_open = int((open_share > 0).sum())
        if n_open < 2:
            return np.abs(self.relative_errors(sample)) < 1e-12
        variance = n_open / (n_open - 1) * (open_share * np.square(residuals)).sum(axis=0)
        total = (weights * self.terms[sample.texts]).sum(axis=0)
        quantile = float(stdtrit(n_open - 1, 0.975))
        half_width = quantile * np.sqrt(variance) / total
        covered: Mask = np.abs(np.log1p(self.relative_errors(sample))) <= half_width
        return covered

    def _ratio(self, sample: UniqueTexts) -> Vector:
        weights = sample.squared_weights
        ratio: Vector = (weights @ self.terms[sample.texts]) / (
            weights @ self.n_bytes[sample.texts]
        )
        return ratio


def pair_terms(segments: SegmentLogliks, seed: int) -> PairTerms:
    """Return the sums of all texts for the pairs of models that differ, MAX_PAIRS at most."""
    rng = named_rng(seed, "pair terms")
    pairs = sampled_pairs(len(segments.loglik_nats), MAX_PAIRS, rng)
    terms, n_bytes = pair_sums(segments.loglik_nats, segments.first, segments.n_bytes, pairs)
    differ = terms.sum(axis=0) > 0
    return PairTerms(terms[:, differ], n_bytes[:, differ])
