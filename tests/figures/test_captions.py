"""Captions state the numbers of the data they are given."""

import dataclasses
import re

from helpers.figure_tables import made_up_inputs

from modelmap.figures import captions
from modelmap.figures.inputs import Inputs
from modelmap.map.settings import MapSettings

SETTINGS = MapSettings(
    seed=1,
    metric="sqeuclidean",
    algorithm="exact",
    early_exaggeration=4,
    max_perplexity=30,
    max_iter=250,
    n_near=5,
)


def all_captions(inputs: Inputs) -> list[str]:
    """Return every caption."""
    return [
        captions.model_map(inputs, SETTINGS),
        captions.kl_heatmap(inputs),
        captions.category_bits(inputs),
        captions.pca_spectrum(inputs),
    ]


def test_every_caption_states_models_texts_and_bytes() -> None:
    """K, N and B, and at most two sentences."""
    for caption in all_captions(made_up_inputs({"a": 4, "b": 5}, ["x", "y", "z"])):
        assert "K = 9 models" in caption
        assert "N = 30 texts" in caption
        assert "B = 900.2 bytes" in caption
        assert len(re.findall(r"\.(?= [A-Z]|$)", caption)) <= 2


def test_the_maps_caption_states_how_it_was_made() -> None:
    """Metric and perplexity are those of the map: floor((9 - 1) / 3), not the 30 allowed."""
    caption = captions.model_map(made_up_inputs({"a": 4, "b": 5}, ["x"]), SETTINGS)
    assert "metric sqeuclidean and perplexity 2," in caption
    assert "2 families" in caption


def test_the_heat_maps_caption_states_unit_median_largest_and_scale() -> None:
    """With the numbers of the KL table."""
    inputs = made_up_inputs({"a": 4, "b": 5}, ["x"])
    caption = captions.kl_heatmap(inputs)
    values = inputs.kl["kl_bits_per_byte"]
    assert "bits per byte" in caption
    assert f"median {values.median():.3g}" in caption
    assert f"largest {values.max():.3g}" in caption
    assert "log scale" in caption


def test_the_caption_says_where_names_are_left_out() -> None:
    """Ninety models are not named in the heat map, and on the map by family."""
    inputs = made_up_inputs({"a": 45, "b": 45}, ["x"])
    assert "too many models to name" in captions.kl_heatmap(inputs)
    assert "each family is named once" in captions.model_map(inputs, SETTINGS)


def test_the_spectrums_caption_states_both_marks() -> None:
    """Halving shares reach 90% with four components and 95% with five."""
    assert "4 reach 90% and 5 reach 95%" in captions.pca_spectrum(made_up_inputs({"a": 9}, ["x"]))


def test_other_numbers_give_another_caption() -> None:
    """Nothing is typed in."""
    inputs = made_up_inputs({"a": 4}, ["x", "y"])
    other = dataclasses.replace(inputs, n_texts=77, mean_bytes=12.0)
    for caption in all_captions(other):
        assert "N = 77 texts of B = 12.0 bytes" in caption
