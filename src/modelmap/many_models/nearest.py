"""The nearest models of each of many models, without a matrix of all pairs.

For 20,000 models one matrix of all pairs takes 3.2 GB. Here distances are computed for blocks of
pairs, each pair once, and only the nearest models of each model are kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modelmap.divergence.interval import intervals
from modelmap.divergence.kl import bits_per_byte
from modelmap.divergence.standard_error import StratifiedDocuments
from modelmap.matrix.file import LogLikelihoods
from modelmap.plumbing.arrays import Matrix

MODELS_AT_ONCE = 250
"""Rows of a block of distances. With 20,000 models a block of float64 takes 40 MB."""

SPARE_CANDIDATES = 16

BlockDistances = Callable[[slice, slice], NDArray[np.floating[Any]]]
"""Returns the distances of some models, the rows, to others, the columns; NaN where unknown."""


@dataclass(frozen=True)
class Nearest:
    """The n nearest other models of each of K models, the nearest first."""

    models: NDArray[np.int64]
    """Positions of models, shape (K, n)."""
    distances: Matrix
    """Shape (K, n); infinite where fewer than n distances are known."""

    def merged(self, models: NDArray[np.int64], distances: Matrix) -> "Nearest":
        """Return the n nearest of these and of other candidates, which have shape (K, any)."""
        n_near = self.models.shape[1]
        models = np.concatenate([self.models, models], axis=1)
        distances = np.concatenate([self.distances, distances], axis=1)
        order = np.argpartition(distances, n_near - 1, axis=1)[:, :n_near]
        return Nearest(
            np.take_along_axis(models, order, axis=1), np.take_along_axis(distances, order, axis=1)
        ).ordered()

    def ordered(self) -> "Nearest":
        """Return the same models in the order of their distances, equal ones by position."""
        order = np.lexsort((self.models, self.distances), axis=1)
        return Nearest(
            np.take_along_axis(self.models, order, axis=1),
            np.take_along_axis(self.distances, order, axis=1),
        )

    def first(self, n_near: int) -> "Nearest":
        """Return the `n_near` nearest of them only."""
        return Nearest(self.models[:, :n_near], self.distances[:, :n_near])


def nearest_models(
    n_models: int, n_near: int, block_distances: BlockDistances, part: int = 0, n_parts: int = 1
) -> Nearest:
    """Return the `n_near` nearest other models of each model, for symmetric distances.

    Only the pairs i < j of every `n_parts`-th block of rows are computed, beginning with block
    `part`, so that processes can share the work: `Nearest.merged` puts their results together.
    Where several models are equally far, it is arbitrary which of them are left out.
    """
    nearest = Nearest(
        np.zeros((n_models, n_near), dtype=np.int64), np.full((n_models, n_near), np.inf)
    )
    for start in range(part * MODELS_AT_ONCE, n_models, n_parts * MODELS_AT_ONCE):
        rows = slice(start, min(start + MODELS_AT_ONCE, n_models))
        block = np.array(block_distances(rows, slice(start, n_models)), dtype=np.float64)
        block[np.isnan(block)] = np.inf
        # The first columns are the models of the rows, in the same order.
        np.fill_diagonal(block, np.inf)
        n_rows = rows.stop - rows.start
        _add(nearest, rows, block, start)
        _add(nearest, slice(rows.stop, n_models), block[:, n_rows:].T, start)
    return nearest


def _add(nearest: Nearest, rows: slice, distances: Matrix, first: int) -> None:
    """Add the distances of some models to the consecutive models from `first` on, in place."""
    n_near = min(nearest.models.shape[1], distances.shape[1])
    if not n_near or not len(distances):
        return
    columns = np.argpartition(distances, n_near - 1, axis=1)[:, :n_near]
    known = Nearest(nearest.models[rows], nearest.distances[rows])
    both = known.merged(columns + first, np.take_along_axis(distances, columns, axis=1))
    nearest.models[rows], nearest.distances[rows] = both.models, both.distances


def nearest_by_coordinates(coordinates: Matrix, n_near: int) -> Nearest:
    """Return the `n_near` nearest other models by the squared distance of coordinates, (K, N).

    Candidates, SPARE_CANDIDATES more than are wanted, are found by products of float32 numbers.
    Their distances are then computed from differences in float64, which keep all digits. A model
    can only be missed if more than SPARE_CANDIDATES others are as near up to rounding, which is
    about a millionth of the squared length of the coordinates.
    """
    n_models = len(coordinates)
    single = coordinates.astype(np.float32)
    norms = np.einsum("ij,ij->i", single, single)

    def block(rows: slice, columns: slice) -> NDArray[np.float32]:
        products = single[rows] @ single[columns].T
        squared: NDArray[np.float32] = norms[rows, None] + norms[columns] - 2 * products
        return squared

    found = nearest_models(n_models, min(n_near + SPARE_CANDIDATES, n_models - 1), block)
    exact = np.array(
        [
            np.square(coordinates[others] - row).sum(axis=1)
            for row, others in zip(coordinates, found.models, strict=True)
        ]
    )
    return Nearest(found.models, exact).ordered().first(n_near)


def nearest_pairs(
    matrix: LogLikelihoods, nearest: Nearest, documents: StratifiedDocuments, confidence: float
) -> pd.DataFrame:
    """Return the papers' estimates, with intervals, of every model and its nearest models.

    Each pair has one row, with model_a before model_b in the matrix. The columns are those of the
    table KL from model_a to high_bits_per_byte, except for the standard error.
    """
    coordinates = matrix.coordinates()
    rows = np.repeat(np.arange(len(coordinates)), nearest.models.shape[1])
    pairs = np.unique(np.sort([rows, nearest.models.ravel()], axis=0), axis=1)
    found = []
    for start in range(0, pairs.shape[1], MODELS_AT_ONCE):
        first, second = pairs[:, start : start + MODELS_AT_ONCE]
        terms = np.square(coordinates[first] - coordinates[second]).T / 2
        kl = terms.mean(axis=0)
        found.append([kl, *intervals(kl, documents.errors(terms), confidence)])
    kl, low, high = bits_per_byte(np.concatenate(found, axis=1), matrix.mean_bytes)
    first, second = np.asarray(matrix.models, dtype=object)[pairs]
    columns = {"model_a": first, "model_b": second, "kl_bits_per_byte": kl}
    return pd.DataFrame({**columns, "low_bits_per_byte": low, "high_bits_per_byte": high})
