"""Tables made from the matrix of KL divergences: pairs, nearest neighbours, clusters."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform

from modelmap.divergence.tables import ONE_FAMILY, TWO_FAMILIES
from modelmap.plumbing.arrays import Indices, Matrix
from modelmap.plumbing.tables import check_models


def pair_table(values: Mapping[str, np.ndarray], models: Sequence[str]) -> pd.DataFrame:
    """Return one row per unordered pair of models, with model_a before model_b in the matrix.

    `values` are symmetric matrices of shape (K, K) by the name of their column.
    """
    first, second = np.triu_indices(len(models), k=1)
    names = np.asarray(models, dtype=object)
    columns = {name: value[first, second] for name, value in values.items()}
    return pd.DataFrame({"model_a": names[first], "model_b": names[second], **columns})


def models_of(pairs: pd.DataFrame) -> list[str]:
    """Return the models of a pair table, in the order of `pair_table`."""
    return [str(name) for name in pd.unique(pd.concat([pairs["model_a"], pairs["model_b"]]))]


def both_ways(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return a table of pairs with every pair twice, as columns model and other in both orders."""
    forward = pairs.rename(columns={"model_a": "model", "model_b": "other"})
    backward = pairs.rename(columns={"model_b": "model", "model_a": "other"})
    return pd.concat([forward, backward], ignore_index=True)[["model", "other", *pairs.columns[2:]]]


def pair_relations(pairs: pd.DataFrame, models: pd.DataFrame) -> pd.Series:
    """Return how the models of each pair are related, as the column `relation` of KL has it.

    `pairs` has the columns model_a and model_b, and `models` is the table of the models.
    """
    about = models.set_index("model", drop=False)
    one, other = (about.loc[pairs[end]].reset_index(drop=True) for end in ("model_a", "model_b"))
    relation = pd.Series(TWO_FAMILIES, index=one.index, dtype="str")
    relation[one["family"] == other["family"]] = ONE_FAMILY
    for child, parent in ((one, other), (other, one)):
        is_parent = child["parent"] == parent["model"]
        relation[is_parent] = child.loc[is_parent, "kind"]
    return relation


def sampled_pairs(n_models: int, max_pairs: int, rng: np.random.Generator) -> Indices:
    """Return pairs i < j in ascending order, shape (P, 2).

    Of more than `max_pairs` pairs, `max_pairs` are drawn without replacement.
    """
    pairs = np.stack(np.triu_indices(n_models, k=1), axis=1).astype(np.int64)
    if len(pairs) <= max_pairs:
        return pairs
    chosen: Indices = pairs[np.sort(rng.choice(len(pairs), max_pairs, replace=False))]
    return chosen


def square_form(pairs: pd.DataFrame, models: Sequence[str]) -> Matrix:
    """Return the KL of a pair table as a symmetric matrix, (K, K), in the order of `models`.

    Raises UserError if the table is not of all pairs of these models.
    """
    n_models = len(models)
    n_pairs = n_models * (n_models - 1) // 2
    complete = list(models) if len(pairs) == n_pairs else []
    check_models({*pairs["model_a"], *pairs["model_b"]}, complete, "kl.parquet")
    position = {name: i for i, name in enumerate(models)}
    full = np.zeros((n_models, n_models))
    rows = pairs["model_a"].map(position).to_numpy()
    columns = pairs["model_b"].map(position).to_numpy()
    full[rows, columns] = full[columns, rows] = pairs["kl_bits_per_byte"].to_numpy()
    return full


def neighbour_table(kl: Matrix, models: Sequence[str], n_neighbours: int) -> pd.DataFrame:
    """Return the `n_neighbours` nearest other models of each model, the nearest first.

    Models at equal distances keep their order in the matrix. With fewer than `n_neighbours` other
    models all of them are returned.
    """
    without_self = kl + np.diag(np.full(len(models), np.inf))
    order = np.argsort(without_self, axis=1, kind="stable")[:, : min(n_neighbours, len(models) - 1)]
    return ranked_neighbours(order, np.take_along_axis(kl, order, axis=1), models)


def ranked_neighbours(nearest: Indices, kl: Matrix, models: Sequence[str]) -> pd.DataFrame:
    """Return the table NEIGHBOURS from the nearest models of each model, the nearest first.

    `nearest` are positions in `models`, shape (K, n), and `kl` the KLs in bits per byte, (K, n).
    """
    n_models, n_near = nearest.shape
    names = np.asarray(models, dtype=object)
    return pd.DataFrame(
        {
            "model": np.repeat(names, n_near),
            "rank": np.tile(np.arange(1, n_near + 1), n_models),
            "neighbour": names[nearest.ravel()],
            "kl_bits_per_byte": kl.ravel(),
        }
    )


def cluster_table(kl: Matrix, method: str) -> pd.DataFrame:
    """Return the hierarchical clustering of the models by KL, one merge per row.

    `method` is a linkage of `scipy.cluster.hierarchy.linkage`, whose numbering of clusters is used.
    """
    merges = linkage(squareform(kl, checks=False), method=method, optimal_ordering=True)
    return pd.DataFrame(
        {
            "merge": np.arange(len(merges)),
            "left": merges[:, 0].astype(np.int64),
            "right": merges[:, 1].astype(np.int64),
            "height_bits_per_byte": merges[:, 2],
            "size": merges[:, 3].astype(np.int64),
        }
    )
