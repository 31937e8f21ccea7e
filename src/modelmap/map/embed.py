"""The model map by t-SNE, and the principal components (Oyama et al. 2025 (ACL), Section 4)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from modelmap.divergence.kl import reason_if_identical
from modelmap.map.settings import MapSettings
from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.seeds import named_seed


def perplexity(n_models: int, largest: float) -> float:
    """Return the perplexity of t-SNE for K models: min(largest, floor((K - 1) / 3)).

    Raises ValueError for fewer than 4 models, for which there is no perplexity of at least 1.
    """
    # t-SNE considers about three neighbours of a model per unit of perplexity, and a model has
    # K - 1. With a larger perplexity scikit-learn's map collapses.
    if n_models < 4:
        raise ValueError(f"a map needs at least 4 models, not {n_models}")
    return min(largest, float((n_models - 1) // 3))


@dataclass(frozen=True)
class TsneOptions:
    """Options of t-SNE: the upper limit of the perplexity, and scikit-learn's own parameters."""

    largest_perplexity: float
    metric: str
    algorithm: str
    early_exaggeration: float
    max_iter: int
    seed: int


def tsne_options(settings: MapSettings, max_iter: int) -> TsneOptions:
    """Return the options that the section `map` gives, with `max_iter` iterations."""
    return TsneOptions(
        settings.max_perplexity,
        settings.metric,
        settings.algorithm,
        settings.early_exaggeration,
        max_iter,
        named_seed(settings.seed, "map", "tsne"),
    )


def tsne(coordinates: Matrix, options: TsneOptions) -> Matrix:
    """Return the places of the models on a map, shape (K, 2), from their coordinates, by t-SNE.

    The coordinates have a row for each model.
    The map is initialised by PCA. The papers use the metric "sqeuclidean". Models that are all
    identical are placed at the origin.
    """
    # The PCA places are scaled to a fixed variance, which is not possible if all are the same.
    if reason_if_identical(coordinates) is not None:
        return np.zeros((len(coordinates), 2))
    embedding = TSNE(
        n_components=2,
        perplexity=perplexity(len(coordinates), options.largest_perplexity),
        init="pca",
        metric=options.metric,
        method=options.algorithm,
        early_exaggeration=options.early_exaggeration,
        max_iter=options.max_iter,
        random_state=options.seed % 2**32,
    )
    # In one thread floating-point numbers are added in the same order each time. Another order
    # rounds differently, and t-SNE amplifies the differences to visible ones.
    with threadpool_limits(1):
        places = embedding.fit_transform(_with_two_columns(coordinates))
    return np.asarray(places, dtype=np.float64)


def classical_scaling(kl: Matrix) -> Matrix:
    """Return coordinates, shape (K, K), whose squared Euclidean distances are the KLs, (K, K).

    Delta tanh(Delta / 2) is conditionally negative definite, so that such coordinates exist for
    the mixture estimates (docs/methods.md). Where pairs have different segments in common they
    need not exist exactly: axes of negative variance are left out. The mean model is at the origin.
    """
    row_means = kl.mean(axis=0)
    products = -(kl - row_means - row_means[:, None] + kl.mean()) / 2
    values, vectors = np.linalg.eigh(products)
    coordinates: Matrix = vectors * np.sqrt(np.maximum(values, 0.0))
    return coordinates


def _with_two_columns(coordinates: Matrix) -> Matrix:
    """Return coordinates with a column of 0 added if there is only one: PCA needs two.

    It changes no distance. A sample in which the same text was drawn every time has one column.
    """
    return np.pad(coordinates, ((0, 0), (0, 1))) if coordinates.shape[1] == 1 else coordinates


def spectrum(coordinates: Matrix) -> pd.DataFrame:
    """Return the share of the variance of Q on each principal component, the largest first.

    The table has the columns component, variance_share and cumulative_share, and K - 1 rows, or
    none if all models are identical.
    """
    # The columns of Q are centred. So its singular values give the principal components without
    # further centring, and the last of the K values is 0 up to rounding.
    n_components = 0 if reason_if_identical(coordinates) is not None else len(coordinates) - 1
    values = np.linalg.svd(coordinates, compute_uv=False)[:n_components] ** 2
    shares = values / values.sum()
    return pd.DataFrame(
        {
            "component": np.arange(1, len(shares) + 1),
            "variance_share": shares,
            "cumulative_share": np.minimum(np.cumsum(shares), 1.0),
        }
    )


def components_for(cumulative_share: NDArray[np.float64], share: float) -> int:
    """Return the number of leading components that together have at least `share` of variance."""
    reached = int(np.searchsorted(cumulative_share, share) + 1)
    return min(reached, len(cumulative_share))
