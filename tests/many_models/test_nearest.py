"""The nearest models of each model, without a matrix of all pairs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from modelmap.divergence.interval import intervals
from modelmap.divergence.kl import bits_per_byte, nats_per_text, squared_distances
from modelmap.divergence.standard_error import StratifiedDocuments
from modelmap.many_models import nearest as module
from modelmap.many_models.nearest import (
    nearest_by_coordinates,
    nearest_models,
    nearest_pairs,
)
from modelmap.many_models.neighbour_map import tsne_of_nearest
from modelmap.map.embed import TsneOptions
from modelmap.matrix.file import LogLikelihoods

OPTIONS = TsneOptions(
    seed=1,
    metric="euclidean",
    algorithm="barnes_hut",
    early_exaggeration=12.0,
    largest_perplexity=5.0,
    max_iter=1000,
)


def sorted_distances(distances: NDArray[np.float64], n_near: int) -> NDArray[np.float64]:
    """Return the `n_near` smallest distances to other models, NaN as infinite."""
    others = np.where(np.isnan(distances), np.inf, distances)
    np.fill_diagonal(others, np.inf)
    return np.sort(others, axis=1)[:, :n_near]


def random_distances(n_models: int, seed: int, missing: float) -> NDArray[np.float64]:
    """Return symmetric distances of two digits, so that some are equal, with some of them NaN."""
    rng = np.random.default_rng(seed)
    upper = np.triu(np.round(rng.uniform(0.01, 1, (n_models, n_models)), 2), 1)
    upper[np.triu(rng.uniform(size=upper.shape) < missing, 1)] = np.nan
    return upper + upper.T


def test_the_nearest_of_four_points_on_a_line() -> None:
    """At 0, 1, 3 and 7: the two nearest of each, with their squared distances."""
    found = nearest_by_coordinates(np.array([[0.0], [1.0], [3.0], [7.0]]), 2)
    assert found.models.tolist() == [[1, 2], [0, 2], [1, 0], [2, 1]]
    assert found.distances.tolist() == [[1, 9], [1, 4], [4, 9], [16, 36]]


@settings(max_examples=40, deadline=None)
@given(
    n_models=st.integers(3, 30),
    n_near=st.integers(1, 6),
    at_once=st.integers(1, 12),
    n_parts=st.integers(1, 3),
    missing=st.sampled_from([0.0, 0.3]),
    seed=st.integers(0, 99),
)
def test_blocks_and_parts_find_what_the_whole_matrix_has(
    n_models: int, n_near: int, at_once: int, n_parts: int, missing: float, seed: int
) -> None:
    """The distances are the smallest of all known ones, and each is that of its model."""
    distances = random_distances(n_models, seed, missing)
    n_near = min(n_near, n_models - 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MODELS_AT_ONCE", at_once)
        parts = [
            nearest_models(n_models, n_near, lambda rows, cols: distances[rows, cols], i, n_parts)
            for i in range(n_parts)
        ]
    found = parts[0]
    for other in parts[1:]:
        found = found.merged(other.models, other.distances)
    np.testing.assert_array_equal(found.distances, sorted_distances(distances, n_near))
    known = np.isfinite(found.distances)
    rows = np.repeat(np.arange(n_models), known.sum(axis=1))
    np.testing.assert_array_equal(distances[rows, found.models[known]], found.distances[known])
    assert all(len(set(row[ok])) == ok.sum() for row, ok in zip(found.models, known, strict=True))


def test_near_copies_are_told_apart_by_all_digits() -> None:
    """Distances of 1e-8 between coordinates of length 10 are lost in float32, and found here."""
    rng = np.random.default_rng(0)
    base = rng.normal(size=(20, 50))
    coordinates = np.concatenate([base, base + 1e-6 * rng.normal(size=base.shape)])
    found = nearest_by_coordinates(coordinates, 3)
    assert found.models[:, 0].tolist() == [*range(20, 40), *range(20)]
    differences = coordinates[:, None] - coordinates[found.models]
    exact = np.square(differences).sum(axis=2)
    np.testing.assert_allclose(found.distances, exact, rtol=1e-12)


def test_pairs_have_the_papers_estimates_with_intervals() -> None:
    """Each pair once; the estimate and its interval are those of the pair's terms by text."""
    rng = np.random.default_rng(3)
    matrix = LogLikelihoods(-rng.uniform(100, 200, (6, 40)), list("abcdef"), -190.0, 500.0, "texts")
    documents = StratifiedDocuments(np.arange(40) // 2, np.zeros(20, dtype=int))
    coordinates = matrix.coordinates()
    table = nearest_pairs(matrix, nearest_by_coordinates(coordinates, 2), documents, 0.95)
    assert not table.duplicated(["model_a", "model_b"]).any()
    assert (table["model_a"] < table["model_b"]).all()
    first, second = (
        [matrix.models.index(name) for name in table[column]] for column in ("model_a", "model_b")
    )
    kl = bits_per_byte(nats_per_text(squared_distances(coordinates)[first, second], 40), 500.0)
    np.testing.assert_allclose(table["kl_bits_per_byte"], kl)
    terms = np.square(coordinates[first] - coordinates[second]).T / 2
    ends = intervals(terms.mean(axis=0), documents.errors(terms), 0.95)
    np.testing.assert_allclose(
        table[["low_bits_per_byte", "high_bits_per_byte"]].T, bits_per_byte(np.array(ends), 500.0)
    )


def test_the_map_from_neighbours_keeps_families_together() -> None:
    """Three families of ten far from each other; the same numbers give the same places."""
    rng = np.random.default_rng(5)
    centres = np.repeat(10 * rng.normal(size=(3, 20)), 10, axis=0)
    coordinates = centres + rng.normal(size=centres.shape)
    nearest = nearest_by_coordinates(coordinates, 16)
    places = tsne_of_nearest(nearest, coordinates, OPTIONS)
    np.testing.assert_array_equal(places, tsne_of_nearest(nearest, coordinates, OPTIONS))
    distances = squared_distances(places)
    np.fill_diagonal(distances, np.inf)
    np.testing.assert_array_equal(distances.argmin(axis=1) // 10, np.arange(30) // 10)
