"""Captions state the numbers of the tables and metrics they are given."""

import re

from helpers.figure_tables import Contents, inputs_of, made_up_contents

from modelmap.figures import category_bits, kl_heatmap, model_map, pca_spectrum

DRAWINGS = (model_map, kl_heatmap, category_bits, pca_spectrum)


def all_captions(contents: Contents) -> list[str]:
    """Return the captions of four figures."""
    return [drawing.caption(inputs_of(contents)) for drawing in DRAWINGS]


def test_every_caption_states_models_texts_and_bytes() -> None:
    """K, N and B, and at most three sentences."""
    for caption in all_captions(made_up_contents({"a": 4, "b": 5}, ["x", "y", "z"])):
        assert "K = 9 models" in caption
        assert "N = 30 texts" in caption
        assert "B = 900.2 bytes" in caption
        assert len(re.findall(r"\.(?= [A-Z]|$)", caption)) <= 3


def test_the_maps_caption_states_how_it_was_made() -> None:
    """Metric and perplexity are those of the metrics of the map."""
    caption = model_map.caption(inputs_of(made_up_contents({"a": 4, "b": 5}, ["x"])))
    assert "KL divergences by the mixture estimate, with metric sqeuclidean and" in caption
    assert "perplexity 2." in caption
    assert "2 families" in caption


def test_the_heat_maps_caption_states_unit_median_largest_and_scale() -> None:
    """With the numbers of the KL table."""
    contents = made_up_contents({"a": 4, "b": 5}, ["x"])
    caption = kl_heatmap.caption(inputs_of(contents))
    values = contents["kl.parquet"]["kl_bits_per_byte"]
    assert "bits per byte" in caption
    assert f"median {values.median():.3g}" in caption
    assert f"largest {values.max():.3g}" in caption
    assert "log scale" in caption


def test_the_caption_says_where_names_are_left_out() -> None:
    """Ninety models are not named in the heat map, and on the map by family."""
    inputs = inputs_of(made_up_contents({"a": 45, "b": 45}, ["x"]))
    assert "too many models to name" in kl_heatmap.caption(inputs)
    assert "each family is named once" in model_map.caption(inputs)


def test_the_spectrums_caption_states_both_marks() -> None:
    """The numbers of components are those of the metrics of the map."""
    caption = pca_spectrum.caption(inputs_of(made_up_contents({"a": 9}, ["x"])))
    assert "of 8 components, 4 reach 90% and 5 reach 95%" in caption


def test_captions_name_the_estimate_that_is_drawn() -> None:
    """The map's and the heat map's, each by the metrics of its own stage."""
    contents = made_up_contents({"a": 4}, ["x"])
    for name in ("map.json", "divergence.json"):
        contents[name] |= {"estimate": "papers"}
    for drawing in (model_map, kl_heatmap):
        assert "by the papers' estimate" in drawing.caption(inputs_of(contents))


def test_other_numbers_give_another_caption() -> None:
    """No number is part of the wording."""
    contents = made_up_contents({"a": 4}, ["x", "y"])
    contents["matrix.json"] |= {"n_texts": 77, "mean_bytes": 12.0}
    for caption in all_captions(contents):
        assert "N = 77 texts of B = 12.0 bytes" in caption
