"""The error of a plan for the mixture estimates of KL: predicted, and of random orders (ours).

From a sample of texts the estimate of a pair is sum_s w_s t_s / sum_s w_s b_s, with weights
w_s = 1 / pi_s. Its error is that of the residuals t_s - R b_s, where R is the estimate from all
texts (docs/methods-divergence.md).
"""

from functools import partial

import numpy as np
import pandas as pd

from modelmap.plan.ordered_texts import plan_table, planned_sample
from modelmap.plan.settings import PlanSettings
from modelmap.plumbing.arrays import Mask, Vector
from modelmap.plumbing.parallel import parallel_map
from modelmap.plumbing.seeds import named_rng
from modelmap.resample.designs import inclusion_probabilities, sample_sizes
from modelmap.resample.pair_terms import PairTerms


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
            "this_order_error": [pairs.relative_error(planned_sample(plan, n)) for n in sizes],
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
    errors = [pairs.relative_error(sample) for sample in samples]
    return np.array(errors), np.array([pairs.covered(sample) for sample in samples])
