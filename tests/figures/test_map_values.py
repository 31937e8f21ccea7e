"""The map coloured by numbers: which properties have a panel, and which have none and why."""

import numpy as np
import pytest
from helpers.figure_tables import Contents, inputs_of, made_up_contents
from helpers.resampling_tables import made_up_resampling

from modelmap.figures import map_values


@pytest.fixture
def contents() -> Contents:
    """Return six models of one size, whose dates are unknown, and no benchmark scores."""
    return made_up_resampling(made_up_contents({"a": 4, "b": 2}, ["x", "y"]))


def titles(contents: Contents) -> list[str]:
    """Return the titles of the panels."""
    return [axes.get_title(loc="left") for axes in map_values.draw(inputs_of(contents)).axes[1::2]]


def test_what_the_data_lacks_has_no_panel_and_the_caption_says_so(contents: Contents) -> None:
    """Bits per byte are all there is."""
    assert titles(contents) == ["bits per byte, mean over categories"]
    caption = map_values.caption(inputs_of(contents))
    assert caption.endswith(
        "Not drawn: number of parameters (the same for all), year of creation (not known), "
        "benchmark score, mean over benchmarks (not known)."
    )


def test_all_that_is_known_has_a_panel(contents: Contents) -> None:
    """Dates of any precision, and the mean over benchmarks without the mean log-likelihood."""
    dates = ["2024-01-01", "2025-07-02T12:00:00Z", None, "2024-01-01", "2023-01-01", "2024-01-01"]
    sizes = [10**i for i in range(6)]
    contents["models.parquet"] = contents["models.parquet"].assign(created=dates, n_params=sizes)
    contents["predict.json"] = {**contents["predict.json"], "targets_from": "scores.csv"}
    assert len(titles(contents)) == 4
    assert "Not drawn" not in map_values.caption(inputs_of(contents))
    figure = map_values.draw(inputs_of(contents))
    years = np.asarray(figure.axes[3].collections[1].get_array())
    assert years == pytest.approx([2023.0, 2024.0, 2024.0, 2024.0, 2025.5], abs=0.005)


def test_models_without_a_number_are_grey(contents: Contents) -> None:
    """A size of 0 is unknown: two of six models have one."""
    sizes = [0, 0, 1, 2, 3, 4]
    contents["models.parquet"] = contents["models.parquet"].assign(n_params=sizes)
    unknown, known = map_values.draw(inputs_of(contents)).axes[1].collections
    assert [len(np.asarray(points.get_offsets())) for points in (unknown, known)] == [2, 4]


def test_without_any_number_it_is_skipped_with_all_reasons(contents: Contents) -> None:
    """One category in which all models are equal."""
    contents["category_bits.parquet"] = contents["category_bits.parquet"].assign(bits_per_byte=1.0)
    reason = map_values.skip_reason(inputs_of(contents))
    assert reason is not None
    assert reason.count("(the same for all)") == reason.count("(not known)") == 2
