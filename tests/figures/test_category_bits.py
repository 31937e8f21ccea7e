"""The figure of bits per byte: order, colours, when it is skipped."""

import numpy as np
import pandas as pd
from helpers.figure_tables import inputs_of, made_up_contents

from modelmap.figures.category_bits import sizes_for, skip_reason
from modelmap.figures.category_table import boundaries, colour_limits, extension, table


def bits_of(values: dict[tuple[str, str], float]) -> pd.DataFrame:
    """Return a category_bits table of (model, category) -> bits."""
    rows = [(model, category, 5, value) for (model, category), value in values.items()]
    return pd.DataFrame(rows, columns=["model", "category", "n_texts", "bits_per_byte"])


def test_families_come_by_their_best_model_then_kinds_then_means() -> None:
    """A family with one good model comes before a family of middling ones."""
    models = pd.DataFrame(
        {
            "model": ["p", "p-q", "p-c", "r"],
            "family": ["p", "p", "p", "r"],
            "kind": ["base", "quantised", "checkpoint", "base"],
        }
    )
    values = {"p": 3.0, "p-q": 1.0, "p-c": 4.0, "r": 2.0}
    bits = bits_of(
        {(m, c): v + d for m, v in values.items() for c, d in [("hard", 1), ("easy", 0)]}
    )
    content = table(inputs_of({"category_bits.parquet": bits, "models.parquet": models}))
    assert content.names == ["p", "p-c", "p-q", "r"]
    assert content.categories == ["easy", "hard"]
    assert content.bits[:, 0].tolist() == [3, 4, 1, 2]
    assert boundaries(content.families) == [3]


def test_one_category_is_skipped_with_the_reason() -> None:
    """There is nothing to compare within one category."""
    one = bits_of({("a", "x"): 1.0, ("b", "x"): 2.0})
    two = bits_of({("a", "x"): 1.0, ("a", "y"): 2.0})
    assert skip_reason(inputs_of({"category_bits.parquet": one})) is not None
    assert skip_reason(inputs_of({"category_bits.parquet": two})) is None


def test_outliers_do_not_rule_the_colours() -> None:
    """One model far below the others lies beyond the colours' end; an even spread has none."""
    even = np.linspace(2, 4, 100).reshape(50, 2)
    assert colour_limits(even) == (2, 4)
    assert extension(even, colour_limits(even)) == "neither"
    with_outlier = np.vstack([even, [[0.1, 0.1]]])
    low, _ = colour_limits(with_outlier)
    assert low > 1.9
    assert extension(with_outlier, colour_limits(with_outlier)) == "both"


def test_many_categories_stand_upright_and_lose_their_numbers() -> None:
    """The figure does not grow wider than a page with thirty categories."""
    few = made_up_contents({"a": 4}, ["x", "y"])
    many = made_up_contents({"a": 4}, [f"category number {i}" for i in range(30)])
    small, large = (sizes_for(table(inputs_of(one)), ["a"]) for one in (few, many))
    assert not small.upright
    assert small.number_size is not None
    assert large.upright
    assert large.number_size is None
    assert large.cells < 5.5


def test_many_models_lose_names_and_numbers() -> None:
    """300 models fit on one page as a picture of families."""
    inputs = inputs_of(made_up_contents({"a": 150, "b": 150}, ["x", "y"]))
    sizes = sizes_for(table(inputs), ["a", "b"])
    assert sizes.name_size is None
    assert sizes.number_size is None
    assert sizes.body < 6.5
