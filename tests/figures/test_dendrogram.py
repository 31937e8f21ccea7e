"""The order of leaves and the brackets of a tree."""

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import leaves_list, linkage

from modelmap.figures.dendrogram import brackets, leaf_order, pure_families


def clusters_of(rows: list[tuple[int, int, float]]) -> pd.DataFrame:
    """Return a clusters table of (left, right, height)."""
    return pd.DataFrame(rows, columns=["left", "right", "height_bits_per_byte"])


def test_leaves_come_left_before_right() -> None:
    """A branch's leaves lie together, the left branch's first."""
    clusters = clusters_of([(2, 0, 1.0), (3, 1, 2.0), (5, 4, 3.0)])
    assert leaf_order(clusters) == [3, 1, 2, 0]


def test_leaf_order_is_scipys() -> None:
    """The order agrees with scipy on a tree of a hundred models."""
    merges = linkage(np.random.default_rng(0).normal(size=(100, 3)), "average")
    rows = [(int(left), int(right), height) for left, right, height, _ in merges]
    assert leaf_order(clusters_of(rows)) == leaves_list(merges).tolist()


def test_a_chain_of_thousands_of_merges_is_ordered() -> None:
    """No recursion: single linkage may give a tree as deep as it has models."""
    n_models = 3000
    rows = [(0, 1, 1.0)] + [(n_models + i, i + 2, 1.0) for i in range(n_models - 2)]
    assert leaf_order(clusters_of(rows)) == list(range(n_models))


def test_a_bracket_joins_the_middles_of_its_branches_at_its_height() -> None:
    """The second merge's left arm starts at the first's height and middle."""
    corners = brackets(clusters_of([(0, 1, 1.0), (3, 2, 4.0)]))
    assert corners[0].tolist() == [[0, 0], [1, 0], [1, 1], [0, 1]]
    assert corners[1].tolist() == [[1, 0.5], [4, 0.5], [4, 2], [0, 2]]


def test_a_merge_of_two_families_belongs_to_none() -> None:
    """Only merges whose leaves are all of one family take its colour."""
    clusters = clusters_of([(0, 1, 1.0), (3, 2, 4.0)])
    assert pure_families(clusters, ["a", "a", "b"]) == ["a", None]
