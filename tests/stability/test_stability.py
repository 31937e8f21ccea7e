"""How far models move over maps: by hand, and what must be zero."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from modelmap.map.align import map_size
from modelmap.map.embed import TsneOptions, tsne
from modelmap.matrix.clip_centre import double_centred
from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.tables import check_table
from modelmap.resample.estimate import UniqueTexts
from modelmap.stability.maps import (
    Maps,
    displacement_share,
    reordered_map,
    resampled_map,
    spread_share,
)
from modelmap.stability.tables import STABILITY

REFERENCE = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 3.0]])
NAMES = ["a", "b", "c"]


def table_of(places: Matrix, reference: Matrix = REFERENCE) -> pd.DataFrame:
    """Return the table of maps that were drawn somehow."""
    return Maps("ls_0.29N", "ls", 29, 20.0, places).table(NAMES, reference)


def first_two(coordinates: Matrix) -> Matrix:
    """Return places that are the first two coordinates."""
    return coordinates[:, :2]


def test_means_covariances_and_displacements_by_hand() -> None:
    """Model a at (1, 1) and (-1, 3): covariance 2, -2, 2; sqrt(2) and sqrt(10) from (0, 0)."""
    places = np.stack([REFERENCE, REFERENCE])
    places[0, 0], places[1, 0] = (1, 1), (-1, 3)
    table = check_table(table_of(places), STABILITY, "stability.parquet")
    assert table.loc[0, ["mean_x", "mean_y"]].tolist() == [0, 2]
    assert table.loc[0, ["cov_xx", "cov_xy", "cov_yy"]].tolist() == [2, -2, 2]
    assert table.loc[0, "displacement"] == pytest.approx((2**0.5 + 10**0.5) / 2)
    assert (table.loc[1:, ["cov_xx", "cov_xy", "cov_yy", "displacement"]] == 0).all(axis=None)
    size = map_size(REFERENCE)
    third = (2**0.5 + 10**0.5) / 6
    assert displacement_share(table, REFERENCE) == pytest.approx(third / size)
    assert spread_share(table, REFERENCE) == pytest.approx((4 / 3) ** 0.5 / size)


def test_covariances_are_numpys() -> None:
    """On thirty maps of three models."""
    places = np.random.default_rng(0).normal(0, 3, (30, 3, 2))
    table = table_of(places)
    for i, row in enumerate(table.itertuples()):
        expected = np.cov(places[:, i].T)
        found = [[row.cov_xx, row.cov_xy], [row.cov_xy, row.cov_yy]]
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_equal_maps_neither_move_nor_spread() -> None:
    """Five maps that are the reference map: all zero, and ellipses without extent."""
    table = table_of(np.stack([REFERENCE] * 5))
    assert displacement_share(table, REFERENCE) == 0
    assert spread_share(table, REFERENCE) == 0
    assert (table[["ellipse_width", "ellipse_height"]] == 0).all(axis=None)


def test_equal_maps_elsewhere_move_and_do_not_spread() -> None:
    """The two measures tell different things: a shift of 5 is displacement alone."""
    table = table_of(np.stack([REFERENCE + np.array([3, 4])] * 5))
    assert displacement_share(table, REFERENCE) == pytest.approx(5 / map_size(REFERENCE))
    assert spread_share(table, REFERENCE) == 0


def test_another_order_of_models_moves_nothing_of_an_exact_method() -> None:
    """Each model has its own place back: only a method that is unstable itself moves on it."""
    coordinates = np.random.default_rng(1).normal(0, 1, (3, 7))
    order = np.array([2, 0, 1])
    found = reordered_map(coordinates, REFERENCE, first_two, order)
    same = reordered_map(coordinates, REFERENCE, first_two, np.arange(3))
    np.testing.assert_allclose(found, same, atol=1e-12)


def test_all_texts_once_are_the_map_itself() -> None:
    """A sample of every text with weight 1 gives t-SNE's map of all texts, and moves nothing."""
    q = double_centred(np.random.default_rng(2).standard_normal((8, 30)))
    embed = partial(tsne, options=TsneOptions(30, "euclidean", "exact", 4, 250, 1))
    reference = embed(q)
    sample = UniqueTexts(np.arange(30), np.ones(30))
    np.testing.assert_allclose(resampled_map(q, reference, embed, sample), reference, atol=1e-4)
