"""Pairs, nearest neighbours and clusters out of a matrix of divergences."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelmap.divergence.neighbours import (
    both_ways,
    cluster_table,
    neighbour_table,
    pair_relations,
    pair_table,
    ranked_neighbours,
    sampled_pairs,
    square_form,
)
from modelmap.divergence.tables import CLUSTERS, NEIGHBOURS
from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.tables import check_table


@st.composite
def divergences(draw: st.DrawFn) -> Matrix:
    """Draw a symmetric matrix of small whole numbers, so that ties are common."""
    size = draw(st.integers(2, 6))
    full = np.zeros((size, size))
    for i in range(size):
        for j in range(i):
            full[i, j] = full[j, i] = draw(st.integers(0, 9))
    return full


def names(kl: Matrix) -> list[str]:
    """Return names whose alphabetical order is not the matrix's."""
    return [f"m{len(kl) - i}" for i in range(len(kl))]


def line(*places: float) -> Matrix:
    """Return the distances between points on a line."""
    return np.abs(np.subtract.outer(places, places))


def test_each_pair_stands_once_first_model_first() -> None:
    """Three models have three pairs, in the matrix's order, with columns of any values."""
    kl = np.array([[0.0, 1, 2], [1, 0, 4], [2, 4, 0]])
    words = np.array([["", "ab", "ac"], ["ab", "", "bc"], ["ac", "bc", ""]])
    pairs = pair_table({"kl": kl, "half": kl / 2, "word": words}, ["z", "a", "m"])
    assert list(pairs.columns) == ["model_a", "model_b", "kl", "half", "word"]
    assert list(pairs.itertuples(index=False, name=None)) == [
        ("z", "a", 1.0, 0.5, "ab"),
        ("z", "m", 2.0, 1.0, "ac"),
        ("a", "m", 4.0, 2.0, "bc"),
    ]


@settings(deadline=None, max_examples=50)
@given(divergences(), st.integers(0, 99))
def test_pairs_and_the_square_matrix_are_each_others_inverse(kl: Matrix, seed: int) -> None:
    """Whatever order the pairs stand in, and for any order of the models."""
    models = names(kl)
    pairs = pair_table({"kl_bits_per_byte": kl, "other": -kl}, models)
    assert len(pairs) == len(kl) * (len(kl) - 1) // 2
    shuffled = pairs.sample(frac=1, random_state=seed)
    np.testing.assert_array_equal(square_form(shuffled, models), kl)
    np.testing.assert_array_equal(square_form(pairs, models[::-1]), kl[::-1, ::-1])


def test_pairs_are_all_or_some_of_them_in_order() -> None:
    """Six of four models; three of them at random, each once."""
    rng = np.random.default_rng(0)
    every = [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]
    assert sampled_pairs(4, 6, rng).tolist() == every
    some = sampled_pairs(4, 3, rng).tolist()
    assert len(some) == 3
    assert some == [pair for pair in every if pair in some]


@settings(deadline=None, max_examples=50)
@given(divergences(), st.integers(1, 8))
def test_neighbours_are_those_of_a_search_by_hand(kl: Matrix, n_neighbours: int) -> None:
    """Nearest first, ties in the matrix's order, never oneself, all others at most."""
    models = names(kl)
    table = check_table(neighbour_table(kl, models, n_neighbours), NEIGHBOURS, "neighbours")
    wanted = []
    for i, name in enumerate(models):
        others = sorted((kl[i, j], j) for j in range(len(models)) if j != i)
        for rank, (distance, j) in enumerate(others[:n_neighbours], start=1):
            wanted.append((name, rank, models[j], distance))
    assert list(table.itertuples(index=False, name=None)) == wanted


@pytest.mark.parametrize(("method", "last"), [("single", 4.0), ("average", 5.5), ("complete", 7.0)])
def test_four_points_on_a_line_by_hand(method: str, last: float) -> None:
    """0, 1 | 5, 7: merged at 1, at 2, then at the least, mean or largest of 5, 7, 4, 6."""
    table = check_table(cluster_table(line(0, 1, 5, 7), method), CLUSTERS, "clusters")
    assert table["height_bits_per_byte"].tolist() == [1.0, 2.0, last]
    assert table["size"].tolist() == [2, 2, 4]
    assert table["merge"].tolist() == [0, 1, 2]
    sides = [set(row) for row in table[["left", "right"]].to_numpy().tolist()]
    assert sides == [{0, 1}, {2, 3}, {4, 5}]


def clusters_at(kl: Matrix, method: str, height: float) -> set[frozenset[int]]:
    """Return the groups of models that the table merges at or below a height."""
    groups = {i: frozenset([i]) for i in range(len(kl))}
    for row in cluster_table(kl, method).itertuples():
        if row.height_bits_per_byte <= height:
            groups[len(kl) + row.merge] = groups.pop(row.left) | groups.pop(row.right)
    return set(groups.values())


@pytest.mark.parametrize(
    ("height", "groups"),
    [
        (0.9, [{0}, {1}, {2}, {3}]),
        (1.5, [{0, 2}, {1}, {3}]),
        (3.0, [{0, 2}, {1, 3}]),
        (5.5, [{0, 1, 2, 3}]),
    ],
)
def test_clusters_cut_at_a_height_by_hand(height: float, groups: list[set[int]]) -> None:
    """Points 0, 5, 1, 7: pairs fall together at 1 and 2, all at 5.5."""
    assert clusters_at(line(0, 5, 1, 7), "average", height) == set(map(frozenset, groups))


@settings(deadline=None, max_examples=40)
@given(divergences(), st.integers(0, 9))
def test_a_single_linkage_cut_is_the_connected_parts(kl: Matrix, height: int) -> None:
    """Models are together where steps of at most the height lead from one to the other."""
    reached = (kl <= height).astype(int)
    for _ in kl:
        reached = (reached @ reached > 0).astype(int)
    parts = {frozenset(np.flatnonzero(row).tolist()) for row in reached}
    assert clusters_at(kl, "single", height) == parts


@settings(deadline=None, max_examples=40)
@given(divergences(), st.sampled_from(["average", "complete", "single"]))
def test_every_model_and_merge_is_merged_once_and_upwards(kl: Matrix, method: str) -> None:
    """K - 1 merges, none below an earlier one, of earlier ones, with sizes that add up."""
    table = cluster_table(kl, method)
    n = len(kl)
    assert sorted([*table["left"], *table["right"]]) == list(range(2 * n - 2))
    assert table["height_bits_per_byte"].is_monotonic_increasing
    size = [1] * n
    for row in table.itertuples():
        size.append(size[row.left] + size[row.right])
        assert row.size == size[-1]
    assert size[-1] == n


def test_each_pair_is_there_in_both_orders() -> None:
    """With the other columns of the pair."""
    pairs = pair_table({"kl": line(0, 1, 3)}, ["z", "a", "m"])
    both = both_ways(pairs)
    assert list(both.columns) == ["model", "other", "kl"]
    assert set(both.itertuples(index=False, name=None)) == {
        ("z", "a", 1.0), ("a", "z", 1.0), ("z", "m", 3.0), ("m", "z", 3.0),
        ("a", "m", 2.0), ("m", "a", 2.0),
    }  # fmt: skip


def test_a_pair_is_related_by_the_kind_of_the_one_that_was_made_from_the_other() -> None:
    """Whichever of them comes first; all others are of one family or of two."""
    models = pd.DataFrame(
        [("copy", "f", "base", "quantised"), ("base", "f", None, "base"),
         ("merge", "f", "base", "merge"), ("lone", "g", None, "base")],
        columns=["model", "family", "parent", "kind"],
    )  # fmt: skip
    pairs = pair_table({"kl": line(0, 1, 2, 3)}, models["model"].tolist())
    assert pair_relations(pairs, models).tolist() == [
        "quantised", "one family", "two families", "merge", "two families", "two families",
    ]  # fmt: skip


def test_the_table_lists_each_model_with_its_nearest() -> None:
    """Ranks begin at 1."""
    nearest, kl = np.array([[1, 2], [0, 2], [1, 0]]), np.array([[1.0, 2], [1, 3], [3, 2]])
    table = ranked_neighbours(nearest, kl, ["a", "b", "c"])
    assert table.iloc[:3].to_numpy().tolist() == [
        ["a", 1, "b", 1.0],
        ["a", 2, "c", 2.0],
        ["b", 1, "a", 1.0],
    ]
    assert len(table) == 6
