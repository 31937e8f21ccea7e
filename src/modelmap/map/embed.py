"""The model map: two coordinates per model (P1, Sect. 4)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from modelmap.map.settings import MapSettings
from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.seeds import named_seed


def perplexity(n_models: int, largest: float) -> float:
    """Return min(largest, floor((K - 1) / 3)): above that scikit-learn's map collapses.

    Raises ValueError below 4 models, of which no map can be made.
    """
    if n_models < 4:
        raise ValueError(f"a map needs at least 4 models, not {n_models}")
    return min(largest, float((n_models - 1) // 3))


@dataclass(frozen=True)
class Tsne:
    """How t-SNE is run: the largest perplexity, and scikit-learn's own settings."""

    largest_perplexity: float
    metric: str
    algorithm: str
    early_exaggeration: float
    max_iter: int
    seed: int


def tsne_of(settings: MapSettings, max_iter: int) -> Tsne:
    """Return the t-SNE of the section `map`, seeded by its name, for that many iterations."""
    return Tsne(
        settings.max_perplexity,
        settings.metric,
        settings.algorithm,
        settings.early_exaggeration,
        max_iter,
        named_seed(settings.seed, "map", "tsne"),
    )


def tsne(coordinates: Matrix, how: Tsne) -> Matrix:
    """Return map coordinates, shape (K, 2), from Q by t-SNE with PCA initialisation.

    metric "sqeuclidean" is the papers' setting. One thread: sums in one order, the same bytes.
    """
    embedding = TSNE(
        n_components=2,
        perplexity=perplexity(len(coordinates), how.largest_perplexity),
        init="pca",
        metric=how.metric,
        method=how.algorithm,
        early_exaggeration=how.early_exaggeration,
        max_iter=how.max_iter,
        random_state=how.seed % 2**32,
    )
    with threadpool_limits(1):
        placed = embedding.fit_transform(coordinates)
    return np.asarray(placed, dtype=np.float64)


def spectrum(coordinates: Matrix) -> pd.DataFrame:
    """Return the share of Q's variance on each principal component, largest first."""
    values = np.linalg.svd(coordinates, compute_uv=False)[: len(coordinates) - 1] ** 2
    shares = values / values.sum()
    return pd.DataFrame(
        {
            "component": np.arange(1, len(shares) + 1),
            "variance_share": shares,
            "cumulative_share": np.minimum(np.cumsum(shares), 1.0),
        }
    )


def components_for(cumulative_share: NDArray[np.float64], share: float) -> int:
    """Return how many components reach `share` of the variance."""
    reached = int(np.searchsorted(cumulative_share, share) + 1)
    return min(reached, len(cumulative_share))
