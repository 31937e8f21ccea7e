"""Which models are named on the map, and on which side of their points."""

import pandas as pd
import pytest
from helpers.figure_tables import made_up_models, made_up_places

from modelmap.figures.map_labels import (
    NAMED_UP_TO,
    choose_labels,
    parent_lines,
    short_names,
    with_brackets,
)
from modelmap.figures.map_sides import beside, free_sides


def placed(models: pd.DataFrame, points: list[tuple[float, float]]) -> pd.DataFrame:
    """Return a map with the models at these points."""
    return pd.DataFrame(points, columns=["x", "y"]).assign(model=models["model"])


def test_names_leave_out_owner_and_parent() -> None:
    """An owner before the slash and the parent's name before the hyphen are left out."""
    models = pd.DataFrame(
        {"model": ["x/base", "y/base-code", "z/other"], "parent": [None, "x/base", "x/base"]}
    )
    assert list(short_names(models).values()) == ["base", "code", "other"]


def test_owners_stay_where_names_would_be_the_same() -> None:
    """Two models of the same name by two owners remain two names."""
    models = pd.DataFrame({"model": ["x/base", "y/base"], "parent": [None, None]})
    assert set(short_names(models).values()) == {"x/base", "y/base"}


def test_a_model_at_the_point_of_its_parent_is_named_with_the_parent() -> None:
    """A model within the width of a marker of its parent has no label of its own."""
    models = made_up_models({"a": 3, "b": 1})
    labels = choose_labels(models, placed(models, [(0, 0), (5, 5), (0.01, 0), (10, 10)]))
    assert set(labels["text"]) == {"a (2)", "1", "b"}
    assert list(labels[labels["root"]]["model"]) == list(labels["model"][:2])


def test_siblings_at_the_same_point_keep_their_names() -> None:
    """Names in brackets are at the point of the parent, so siblings do not share a label."""
    models = made_up_models({"a": 3})
    labels = choose_labels(models, placed(models, [(0, 0), (5, 5), (5, 5)]))
    assert set(labels["text"]) == {"a", "1", "2"}


@pytest.mark.parametrize(
    ("name", "others", "text"),
    [
        ("a", [], "a"),
        ("a", ["b", "c"], "a (b, c)"),
        ("a" * 20, ["b" * 12, "c" * 12], f"{'a' * 20} ({'b' * 12}, +1)"),
        ("a" * 60, ["b"], f"{'a' * 60} (+1)"),
    ],
)
def test_brackets_list_what_is_short_and_count_the_rest(
    name: str, others: list[str], text: str
) -> None:
    """A long list does not make a long name."""
    assert with_brackets(name, others) == text


def test_many_models_are_named_by_family_largest_first() -> None:
    """Above the limit each family is named once, at its one root."""
    models = made_up_models({"small": 2, "large": NAMED_UP_TO})
    labels = choose_labels(models, made_up_places(models))
    assert list(labels["text"]) == ["large", "small"]
    assert list(labels["model"]) == ["large", "small"]


def test_a_family_of_many_roots_is_named_in_its_middle() -> None:
    """Without one root the name goes to the model nearest to the family's median."""
    models = made_up_models({"a": NAMED_UP_TO + 1}).assign(parent=None)
    points = [(float(i), 0.0) for i in range(len(models))]
    labels = choose_labels(models, placed(models, points))
    assert list(labels["model"]) == [f"a-{NAMED_UP_TO // 2}"]


def test_lines_go_to_parents_on_the_map_only() -> None:
    """A model whose parent was not scored has no line."""
    models = made_up_models({"a": 3})
    models.loc[2, "parent"] = "elsewhere"
    lines = parent_lines(models.merge(made_up_places(models), on="model"))
    assert list(lines["model"]) == ["a-1"]


def test_a_name_goes_to_the_side_away_from_its_neighbours() -> None:
    """With its parent to the west a model has its name to the east, and the parent the reverse."""
    models = made_up_models({"a": 2})
    places = placed(models, [(0, 0), (1, 0)])
    joined = models.merge(places, on="model")
    labels = choose_labels(models, places)
    assert free_sides(labels, joined) == ["west", "east"]
    assert beside("east") == ["east", "northeast", "southeast"]
