"""The model map by t-SNE, from the nearest models of each model alone."""

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from modelmap.many_models.nearest import Nearest
from modelmap.map.embed import TsneOptions, perplexity
from modelmap.plumbing.arrays import Matrix

INITIAL_DEVIATION = 1e-4
"""Standard deviation of the first coordinate at the start of t-SNE, as scikit-learn sets it."""


def tsne_of_nearest(nearest: Nearest, coordinates: Matrix, options: TsneOptions) -> Matrix:
    """Return the places of the models on a map, shape (K, 2), from the nearest models of each.

    `nearest` has squared distances, of at least 3 * perplexity + 1 models each (or of all others):
    Barnes-Hut t-SNE reads no others. It is initialised by PCA of the coordinates, (K, any), and
    is Barnes-Hut t-SNE whatever the algorithm of the options. The models must not be identical.
    """
    n_models, n_near = nearest.models.shape
    lengths = np.sqrt(nearest.distances) if options.metric == "euclidean" else nearest.distances
    # scikit-learn expects every model among its own neighbours, at the distance 0.
    columns = np.column_stack([np.arange(n_models), nearest.models])
    values = np.column_stack([np.zeros(n_models), lengths])
    starts = np.arange(n_models + 1) * (n_near + 1)
    graph = csr_matrix((values.ravel(), columns.ravel(), starts), shape=(n_models, n_models))
    components = PCA(2, svd_solver="covariance_eigh").fit_transform(coordinates)
    embedding = TSNE(
        n_components=2,
        perplexity=perplexity(n_models, options.largest_perplexity),
        init=(components / components[:, 0].std() * INITIAL_DEVIATION).astype(np.float32),
        metric="precomputed",
        method="barnes_hut",
        early_exaggeration=options.early_exaggeration,
        max_iter=options.max_iter,
        random_state=options.seed % 2**32,
    )
    # In one thread, as for the map of all pairs, so that the same inputs give the same map.
    with threadpool_limits(1):
        places = embedding.fit_transform(graph)
    return np.asarray(places, dtype=np.float64)
