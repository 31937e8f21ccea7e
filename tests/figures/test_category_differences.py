"""Categories that set two families apart: numbers by hand, and which families are shown."""

import pandas as pd
import pytest
from helpers.figure_tables import Contents, inputs_of, made_up_contents

from modelmap.figures import category_differences
from modelmap.figures.category_differences import MOST_FAMILIES


@pytest.fixture
def contents() -> Contents:
    """Return two families, of which a is better by 1 on x and by 2 on y; a-1 does not count."""
    contents = made_up_contents({"a": 2, "b": 1}, ["x", "y"])
    bits = {("a", "x"): 1.0, ("a", "y"): 2.0, ("b", "x"): 2.0, ("b", "y"): 4.0}
    rows = [(m, c, 10, bits.get((m, c), 99.0)) for c in "xy" for m in ("a", "a-1", "b")]
    columns = ["model", "category", "n_texts", "bits_per_byte"]
    return {**contents, "category_bits.parquet": pd.DataFrame(rows, columns=columns)}


def test_numbers_are_differences_less_their_mean(contents: Contents) -> None:
    """-1 and -2 have the mean -1.5, so that +0.5 and -0.5 remain."""
    axes, last, _ = category_differences.draw(inputs_of(contents)).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a and b"]
    assert [text.get_text() for text in axes.texts] == ["+0.50", "-0.50"]
    assert [text.get_text() for text in last.texts] == ["-1.50"]
    assert "a and b on x" in category_differences.caption(inputs_of(contents))


def test_pairs_are_of_the_families_with_the_largest_models() -> None:
    """At most MOST_FAMILIES, and the caption says so."""
    contents = made_up_contents({f"f{i}": 1 for i in range(MOST_FAMILIES + 2)}, ["x", "y"])
    sizes = range(1, MOST_FAMILIES + 3)
    contents["models.parquet"] = contents["models.parquet"].assign(n_params=sizes)
    axes = category_differences.draw(inputs_of(contents)).axes[0]
    rows = [label.get_text() for label in axes.get_yticklabels()]
    assert len(rows) == MOST_FAMILIES * (MOST_FAMILIES - 1) // 2
    assert not any(name in row.split() for row in rows for name in ("f0", "f1"))
    assert f"of the {MOST_FAMILIES} families with the largest" in category_differences.caption(
        inputs_of(contents)
    )


@pytest.mark.parametrize(
    ("families", "categories", "reason"),
    [({"a": 3}, ["x", "y"], "2 families"), ({"a": 2, "b": 2}, ["x"], "2 categories")],
)
def test_one_family_or_one_category_is_skipped(
    families: dict[str, int], categories: list[str], reason: str
) -> None:
    """There is nothing to compare."""
    found = category_differences.skip_reason(inputs_of(made_up_contents(families, categories)))
    assert found is not None
    assert reason in found
