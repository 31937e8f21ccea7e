"""Weighted coordinates from drawn texts (Oyama et al. 2025, EMNLP Findings, Section 3)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelmap.plumbing.arrays import Matrix, Vector


@dataclass(frozen=True)
class UniqueTexts:
    """The unique texts of a sample and their squared weights.

    `texts` are positions of texts in ascending order, shape (d,). `squared_weights` has the same
    shape: c / (n pi) for a text that is drawn c times in n draws of probability pi, and 1 / pi for
    a text that is drawn without replacement with inclusion probability pi. Either way the weighted
    sum of any quantity over the sample is an unbiased estimate of its sum over all N texts.
    """

    texts: NDArray[np.int64]
    squared_weights: Vector

    def __len__(self) -> int:
        return len(self.texts)


def unique_texts(drawn: NDArray[np.int64], probabilities: Vector) -> UniqueTexts:
    """Return the unique texts of n draws with replacement, with w_u^2 = c_u / (n pi_u).

    `drawn` are the positions of the drawn texts, shape (n,); `probabilities` are those of one
    draw, shape (N,).
    """
    texts, counts = np.unique(drawn, return_counts=True)
    return UniqueTexts(texts, counts / (len(drawn) * probabilities[texts]))


def weighted_coordinates(loglik_nats: Matrix, sample: UniqueTexts) -> Matrix:
    """Return the coordinates of all models from the sample's texts, shape (K, d).

    `loglik_nats` has shape (K, N), of which only the sample's texts are read. Each row is centred
    by its mean with the squared weights and multiplied by the weights, and each column is centred
    over models. The squared distances between rows estimate those between the rows of Q.

    The row mean is estimated from the same sample, so the estimated distances are too small by a
    share of about 1/n, as a variance with divisor n is. The paper uses this estimate uncorrected.
    """
    sampled = loglik_nats[:, sample.texts]
    weights = sample.squared_weights
    rows = sampled - (sampled @ weights / weights.sum())[:, None]
    # A squared distance is a sum over texts of squared differences, each of which must count
    # w_u^2 times: so coordinates are multiplied by w_u.
    weighted = rows * np.sqrt(weights)
    # The column means are the same for all rows: they move the coordinates and change no distance.
    centred: Matrix = weighted - weighted.mean(axis=0, keepdims=True)
    return centred
