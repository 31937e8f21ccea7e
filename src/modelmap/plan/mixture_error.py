"""The error of a plan for the mixture estimates of KL: predicted, and of random orders (ours).

From a sample of texts the estimate of a pair is sum_s w_s t_s / sum_s w_s b_s, with weights
w_s = 1 / pi_s. Its error is that of the residuals t_s - R b_s, where R is the estimate from all
texts (docs/methods-divergence.md).
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from modelmap.divergence.kl import no_difference
from modelmap.divergence.mixture import pair_sums
from modelmap.divergence.neighbours import sampled_pairs
from modelmap.matrix.segments_file import SegmentLogliks
from modelmap.plan.ordered_texts import plan_table, planned_sample
from modelmap.plan.settings import PlanSettings
from modelmap.plumbing.arrays import Mask, Matrix, Vector
from modelmap.plumbing.parallel import parallel_map
from modelmap.plumbing.seeds import named_rng
from modelmap.resample.designs import inclusion_probabilities, sample_sizes
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

    def relative_errors(self, sample: UniqueTexts) -> Vector:
        """Return the errors of a sample's estimates relative to those from all texts, (P,)."""
        of_all = self.terms.sum(axis=0) / self.n_bytes.sum(axis=0)
        errors: Vector = self._ratio(sample) / of_all - 1
        return errors

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
    rng = named_rng(seed, "plan check", "pairs")
    pairs = sampled_pairs(len(segments.loglik_nats), MAX_PAIRS, rng)
    terms, n_bytes = pair_sums(segments.loglik_nats, segments.first, segments.n_bytes, pairs)
    differ = terms.sum(axis=0) > 0
    return PairTerms(terms[:, differ], n_bytes[:, differ])


def mixture_error(importance: Vector, plan: pd.DataFrame, n_chosen: int) -> float:
    """Return the expected relative error of the first `n_chosen` texts of a plan.

    `importance` is that of the table TEXT_IMPORTANCE, shape (N,): the root mean square over pairs
    of each text's residual, relative to the sum of all terms.
    """
    probability = inclusion_probabilities(plan["size_measure"].to_numpy(), n_chosen)
    open_texts = probability < 1
    n_open = int(open_texts.sum())
    if n_open < 2:
        return 0.0
    pi = probability[open_texts]
    squares = np.square(importance[open_texts]) * (1 - pi) / pi
    return float(np.sqrt(n_open / (n_open - 1) * squares.sum()))


def mixture_plan_errors(
    pairs: PairTerms,
    importance: Vector,
    plan: pd.DataFrame,
    settings: PlanSettings,
    n_workers: int,
) -> pd.DataFrame:
    """Return the table PLAN_ERRORS for the mixture estimates.

    Errors are root mean squares over pairs. The coverage of a pair is the share of
    `settings.n_checks` random orders whose 95% interval contains the estimate from all N texts;
    the table has the median over pairs.
    """
    sizes = list(dict.fromkeys(sample_sizes(settings.checked_shares, len(plan)).values()))
    check = partial(_other_order, pairs, plan, sizes, settings.seed)
    runs = parallel_map(check, range(settings.n_checks), n_workers, "checking the plan")
    covered = np.mean([run[1] for run in runs], axis=0)
    return pd.DataFrame(
        {
            "d": sizes,
            "predicted_error": [mixture_error(importance, plan, n) for n in sizes],
            "this_order_error": [
                _root_mean_square(pairs.relative_errors(planned_sample(plan, n))) for n in sizes
            ],
            "redrawn_error": np.sqrt(np.mean([np.square(run[0]) for run in runs], axis=0)),
            "interval_coverage": np.median(covered, axis=1),
        }
    )


def _other_order(
    pairs: PairTerms, plan: pd.DataFrame, sizes: list[int], seed: int, number: int
) -> tuple[Vector, Mask]:
    """Return the errors of another random order, (sizes,), and its coverage, (sizes, P)."""
    rng = named_rng(seed, "plan check", str(number))
    other = plan_table(plan["size_measure"].to_numpy(), rng.random(len(plan)))
    samples = [planned_sample(other, n) for n in sizes]
    errors = [_root_mean_square(pairs.relative_errors(sample)) for sample in samples]
    return np.array(errors), np.array([pairs.covered(sample) for sample in samples])


def _root_mean_square(values: Vector) -> float:
    return float(np.sqrt(np.square(values).mean()))
