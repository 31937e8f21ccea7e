"""The figure of nearest models: which are shown, their order, and the numbers beside them."""

from typing import Any

import pytest
from helpers.figure_tables import Contents, inputs_of, made_up_contents

from modelmap.figures import neighbours
from modelmap.figures.neighbours import MOST_MODELS


@pytest.fixture
def contents() -> Contents:
    """Return seven models of two families, with the three nearest ones of each."""
    return made_up_contents({"a": 4, "b": 3}, ["x"])


def rows_of(contents: Contents) -> list[list[str]]:
    """Return the names of the rows of both halves, from above."""
    figure = neighbours.draw(inputs_of(contents))
    return [[label.get_text() for label in axes.get_yticklabels()] for axes in figure.axes]


def test_each_model_without_a_parent_is_above_its_nearest_ones(contents: Contents) -> None:
    """In the order of their ranks, as the table of neighbours has them."""
    table = contents["neighbours.parquet"]
    nearest = {name: list(rows["neighbour"]) for name, rows in table.groupby("model")}
    assert rows_of(contents) == [["a", *nearest["a"]], ["b", *nearest["b"]]]


def test_numbers_are_those_of_the_pair_in_either_order(contents: Contents) -> None:
    """The KL, and in brackets the interval that the table of pairs has."""
    ends = {"low_bits_per_byte": 0.5, "high_bits_per_byte": 2.0}
    contents["kl.parquet"] = contents["kl.parquet"].assign(**ends)
    contents["neighbours.parquet"] = contents["neighbours.parquet"].assign(kl_bits_per_byte=1.0)
    written = {text.get_text() for axes in drawn(contents) for text in axes.texts}
    assert written == {"1.0 (0.50 to 2.0)"}


def test_a_kl_of_zero_has_its_number_and_no_point(contents: Contents) -> None:
    """There is no logarithm of 0; if all are 0 there is nothing to draw."""
    table = contents["neighbours.parquet"]
    table.loc[(table["model"] == "a") & (table["rank"] == 1), "kl_bits_per_byte"] = 0.0
    assert [len(axes.lines) for axes in drawn(contents)] == [2, 3]
    contents["neighbours.parquet"] = table.assign(kl_bits_per_byte=0.0)
    assert neighbours.skip_reason(inputs_of(contents)) == "no two models differ"


def test_of_many_models_the_largest_are_shown() -> None:
    """At most MOST_MODELS, and the caption says of how many."""
    contents = made_up_contents({f"f{i}": 1 for i in range(MOST_MODELS + 3)}, ["x"])
    sizes = range(len(contents["models.parquet"]))
    contents["models.parquet"] = contents["models.parquet"].assign(n_params=sizes)
    names = [rows[i] for rows in rows_of(contents) for i in range(0, len(rows), 4)]
    assert names == [f"f{i}" for i in reversed(range(3, MOST_MODELS + 3))]
    caption = neighbours.caption(inputs_of(contents))
    assert (
        f"The 3 nearest models of the {MOST_MODELS} largest of {MOST_MODELS + 3} models" in caption
    )


def drawn(contents: Contents) -> list[Any]:
    """Return the axes of the figure."""
    return neighbours.draw(inputs_of(contents)).axes
