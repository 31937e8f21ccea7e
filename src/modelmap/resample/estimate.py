"""From drawn texts to coordinates and distances (P2, Sect. 3)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelmap.plumbing.arrays import Matrix, Vector


@dataclass(frozen=True)
class UniqueTexts:
    """The unique texts of a sample, in ascending order, and the weight of each, squared.

    A text drawn c times with probability pi in n draws weighs c / (n pi); a text drawn without
    replacement weighs 1 / its inclusion probability.
    """

    texts: NDArray[np.int64]
    squared_weights: Vector

    def __len__(self) -> int:
        return len(self.texts)


def unique_texts(drawn: NDArray[np.int64], probabilities: Vector) -> UniqueTexts:
    """Return the unique texts of draws with replacement, w_u^2 = c_u / (n pi_u)."""
    texts, counts = np.unique(drawn, return_counts=True)
    return UniqueTexts(texts, counts / (len(drawn) * probabilities[texts]))


def weighted_coordinates(loglik_nats: Matrix, sample: UniqueTexts) -> Matrix:
    """Return coordinates of all models from the sample's texts, shape (K, d).

    Each row is centred by its mean with the squared weights, multiplied by the weights, and each
    column is centred over models. Squared distances of rows estimate those of Q. Centring by the
    estimated mean makes them too small by about 1/n: the papers' default.
    """
    inside = loglik_nats[:, sample.texts]
    weights = sample.squared_weights
    rows = inside - (inside @ weights / weights.sum())[:, None]
    weighted = rows * np.sqrt(weights)
    centred: Matrix = weighted - weighted.mean(axis=0, keepdims=True)
    return centred
