"""The KL heat map: its order, its scale, its names."""

import numpy as np
import pytest
from helpers.figure_tables import inputs_of, made_up_contents

from modelmap.figures.dendrogram import leaf_order
from modelmap.figures.kl_heatmap import heatmap, name_size, sizes_for, tree_ticks
from modelmap.figures.scale import rounded_down, scale_for


def test_rows_are_in_the_order_of_the_leaves() -> None:
    """The divergence beside a name is that model's."""
    contents = made_up_contents({"a": 3, "b": 3}, ["x"])
    heat = heatmap(inputs_of(contents))
    names = contents["models.parquet"]["model"].iloc[leaf_order(contents["clusters.parquet"])]
    assert heat.names == list(names)
    assert (np.diag(heat.kl) == 0).all()
    pair = contents["kl.parquet"].iloc[4]
    i, j = heat.names.index(pair["model_a"]), heat.names.index(pair["model_b"])
    assert heat.kl[i, j] == heat.kl[j, i] == pair["kl_bits_per_byte"]


@pytest.mark.parametrize(("n_models", "named"), [(4, True), (55, True), (81, False)])
def test_names_are_written_where_they_can_be_read(n_models: int, named: bool) -> None:
    """55 models are named, 81 are not; the heat map without names is no smaller."""
    sizes = sizes_for([f"model-{i}" for i in range(n_models)], ["a"])
    assert (sizes.name_size is not None) == named
    assert (sizes.names > 0) == named


def test_names_are_left_out_before_they_are_too_small() -> None:
    """Names keep 4.5 points or are not there."""
    sizes = [name_size(n_models, 5.0) for n_models in range(1, 200)]
    assert min(size for size in sizes if size) >= 4.5
    assert sizes[-1] is None


def test_a_wide_range_has_a_log_scale_from_a_round_number() -> None:
    """Smaller values, 0 among them, have the low end's colour."""
    scale = scale_for(np.array([0.0, 1e-6, *np.geomspace(0.5, 140, 500)]))
    assert (scale.kind, scale.low) == ("log scale", 0.5)
    assert scale.norm.vmax == pytest.approx(140)
    assert scale.has_below
    assert scale.share(np.array([0.0, 0.5, 200.0])).tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("largest", "kind"), [(2.0, "linear scale"), (10.0, "square-root scale"), (90.0, "log scale")]
)
def test_the_range_decides_the_scale(largest: float, kind: str) -> None:
    """A range under 4 is drawn linearly, under 30 as square roots."""
    assert scale_for(np.geomspace(1.0, largest, 500)).kind == kind


def test_models_that_are_all_the_same_have_a_scale() -> None:
    """No positive divergence is no reason to fail."""
    assert scale_for(np.zeros(3)).kind == "linear scale"


@pytest.mark.parametrize(("value", "down"), [(0.3, 0.2), (1.0, 1.0), (0.001, 0.001), (70.0, 50.0)])
def test_rounding_goes_to_1_2_or_5(value: float, down: float) -> None:
    """The end of a scale is a number people read at a glance."""
    assert rounded_down(value) == pytest.approx(down)


def test_the_narrow_tree_shows_fewer_ticks() -> None:
    """The tree's ticks are some of the colour bar's, the largest among them."""
    scale = scale_for(np.geomspace(0.01, 100, 500))
    assert set(tree_ticks(scale)) < set(scale.ticks)
    assert max(tree_ticks(scale)) == max(scale.ticks)
