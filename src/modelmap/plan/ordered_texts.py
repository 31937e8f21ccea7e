"""The plan: an order of the texts whose first d texts are a sample for every d (ours).

Each text has a permanent random number, computed from its content. Texts are ordered by that
number divided by the size measure, so the first d are a sequential Poisson sample (Ohlsson 1998;
resample/designs.py). A permanent random number does not change when other texts are added or
removed, so most of a new plan's first texts are those of the old plan and are scored already.
The order is random because the weights 1 / pi need inclusion probabilities, which a
deterministic order does not have.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modelmap.divergence.kl import reason_if_identical
from modelmap.plan.design_variance import estimated_variances, predicted_error
from modelmap.plumbing.arrays import Matrix, Vector
from modelmap.resample.designs import horvitz_thompson, inclusion_probabilities, sequential_order
from modelmap.resample.estimate import UniqueTexts, weighted_coordinates
from modelmap.resample.methods import METHODS, MethodKey

NORMAL_95 = 1.959963984540054
"""The 97.5% quantile of the standard normal distribution: half a 95% interval, over its SE."""


def with_even_share(size: Vector, even_share: float) -> Vector:
    """Return a size measure of mean 1, of which `even_share` is shared equally by all texts.

    `size` has shape (N,). A text on which the known models agree has a small size, hence a small
    probability and a large weight if it is chosen; a new model may differ from them on just that
    text. The equal part bounds the weights by N / (d even_share).
    """
    mean = size.mean()
    measured = size / mean if mean > 0 else np.ones_like(size)
    return (1 - even_share) * measured + even_share


def size_measure(
    coordinates: Matrix, distances: Matrix, method: MethodKey, even_share: float
) -> Vector:
    """Return the size measure of the plan, shape (N,), with the mean 1.

    `coordinates` are Q, shape (K, N), and `distances` G, shape (K, K).
    """
    # If no text distinguishes the models, none is more important than another.
    key = "uniform" if reason_if_identical(coordinates) else method
    return with_even_share(METHODS[key].size(coordinates, distances), even_share)


def plan_table(size: Vector, random_numbers: Vector) -> pd.DataFrame:
    """Return the plan with the columns of PLAN, in the order of text_id; ranks start at 1.

    `size` and `random_numbers` have shape (N,).
    """
    rank = np.empty(len(size), dtype=np.int64)
    rank[sequential_order(size, random_numbers)] = np.arange(1, len(size) + 1)
    return pd.DataFrame(
        {
            "text_id": np.arange(len(size), dtype=np.int64),
            "size_measure": size,
            "random_number": random_numbers,
            "rank": rank,
        }
    )


def planned_texts(plan: pd.DataFrame, n_chosen: int) -> pd.DataFrame:
    """Return the first `n_chosen` rows of a plan by rank, with inclusion probability and weight."""
    ordered = plan.sort_values("rank", ignore_index=True)
    probability = inclusion_probabilities(ordered["size_measure"].to_numpy(), n_chosen)[:n_chosen]
    return ordered.head(n_chosen).assign(probability=probability, weight=1.0 / probability)


def planned_sample(plan: pd.DataFrame, n_chosen: int) -> UniqueTexts:
    """Return the first `n_chosen` texts of a plan as a weighted sample."""
    probability = inclusion_probabilities(plan["size_measure"].to_numpy(), n_chosen)
    return horvitz_thompson(np.flatnonzero(plan["rank"] <= n_chosen), probability)


def plan_error(coordinates: Matrix, distances: Matrix, plan: pd.DataFrame, n_chosen: int) -> float:
    """Return the expected relative error of the first `n_chosen` texts (design_variance.py)."""
    probability = inclusion_probabilities(plan["size_measure"].to_numpy(), n_chosen)
    return predicted_error(coordinates, distances, probability)


def intervals_cover(
    coordinates: Matrix,
    distances: Matrix,
    sample: UniqueTexts,
    pairs: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> NDArray[np.bool_]:
    """Return for each of P pairs whether its 95% interval contains the true distance, shape (P,).

    The interval is computed from the sample alone. The true distance is the one from all N texts,
    since the variances are those of the random choice among them (design_variance.py).
    """
    rows = weighted_coordinates(coordinates, sample)
    estimated = np.square(rows[pairs[0]] - rows[pairs[1]]).sum(axis=1)
    half_width = NORMAL_95 * np.sqrt(estimated_variances(coordinates, sample, pairs))
    return np.asarray(np.abs(estimated - distances[pairs]) <= half_width)


def texts_for_error(error_of: Callable[[int], float], n_texts: int, error: float) -> int:
    """Return the smallest number of texts whose expected relative error is at most `error`.

    `error_of` gives the expected error of a number of texts; `n_texts` is the number of all texts.
    """
    # Bisection: the expected error falls with the number of texts, and is 0 for all N.
    low, high = 2, n_texts
    while low < high:
        middle = (low + high) // 2
        if error_of(middle) <= error:
            high = middle
        else:
            low = middle + 1
    return low
