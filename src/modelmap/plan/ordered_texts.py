"""Texts in an order of which every beginning is a sample without replacement (ours).

Each text has a permanent random number that depends on its content alone, so that it keeps its
place when other texts come or go. Ranked by that number over the size measure, the first d texts
are a sequential Poisson sample for every d. The order is random: its weights are of the design.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modelmap.plan.design_variance import estimated_variances, predicted_error
from modelmap.plumbing.arrays import Matrix, Vector
from modelmap.plumbing.seeds import named_seed
from modelmap.resample.designs import horvitz_thompson, inclusion_probabilities, sequential_order
from modelmap.resample.estimate import UniqueTexts, weighted_coordinates

NORMAL_95 = 1.959963984540054


def permanent_random_numbers(texts: Sequence[str], seed: int) -> Vector:
    """Return a number in (0, 1) for each text, from the root seed and the text's content."""
    drawn = np.array([named_seed(seed, "plan", text) for text in texts], dtype=np.float64)
    return (drawn + 0.5) / 2.0**63


def mixed_with_even(size: Vector, even_share: float) -> Vector:
    """Return a size measure of mean 1, of which `even_share` is the same for every text.

    It bounds the weights by N / (d even_share), for models that differ where the known ones agree.
    """
    mean = size.mean()
    measured = size / mean if mean > 0 else np.ones_like(size)
    return (1 - even_share) * measured + even_share


def plan_table(size: Vector, random_numbers: Vector) -> pd.DataFrame:
    """Return the plan: text_id, size measure, permanent random number and rank from 1."""
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
    """Return the first `n_chosen` texts of a plan in its order, with probability and weight."""
    ordered = plan.sort_values("rank", ignore_index=True)
    probability = inclusion_probabilities(ordered["size_measure"].to_numpy(), n_chosen)
    ordered["probability"] = probability
    ordered["weight"] = 1.0 / probability
    return ordered.head(n_chosen)


def planned_sample(plan: pd.DataFrame, n_chosen: int) -> UniqueTexts:
    """Return the first `n_chosen` texts of a plan as a weighted sample."""
    probability = inclusion_probabilities(plan["size_measure"].to_numpy(), n_chosen)
    return horvitz_thompson(np.flatnonzero(plan["rank"] <= n_chosen), probability)


def plan_error(coordinates: Matrix, distances: Matrix, plan: pd.DataFrame, n_chosen: int) -> float:
    """Return the relative error expected of the first `n_chosen` texts."""
    probability = inclusion_probabilities(plan["size_measure"].to_numpy(), n_chosen)
    return predicted_error(coordinates, distances, probability)


def covered(
    coordinates: Matrix,
    distances: Matrix,
    sample: UniqueTexts,
    pairs: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> NDArray[np.bool_]:
    """Return whether each pair's 95% interval from the sample alone holds its full distance.

    The interval is of the design: its truth is the N texts, not the population they came from.
    """
    rows = weighted_coordinates(coordinates, sample)
    estimated = np.square(rows[pairs[0]] - rows[pairs[1]]).sum(axis=1)
    half = NORMAL_95 * np.sqrt(estimated_variances(coordinates, sample, pairs))
    return np.asarray(np.abs(estimated - distances[pairs]) <= half)


def texts_for_error(
    coordinates: Matrix, distances: Matrix, plan: pd.DataFrame, error: float
) -> int:
    """Return the fewest texts whose expected relative error is at most `error`."""
    low, high = 2, len(plan)
    while low < high:
        middle = (low + high) // 2
        if plan_error(coordinates, distances, plan, middle) <= error:
            high = middle
        else:
            low = middle + 1
    return low
