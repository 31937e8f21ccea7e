"""Colours of families and markers of kinds."""

import pandas as pd

from modelmap.figures.colours_and_markers import (
    COLOURS,
    KINDS,
    MARKS,
    OTHER_COLOUR,
    OTHER_MARK,
    family_colours,
    kinds_in_order,
    legend_colours,
    model_colours,
)


def test_families_take_colours_in_order_of_appearance() -> None:
    """Adding a model to a later family changes no colour."""
    assert family_colours(["b", "a", "b"]) == {"b": COLOURS[0], "a": COLOURS[1]}


def test_the_largest_families_have_their_own_colour_and_the_rest_share_one() -> None:
    """With two families more than colours, the two smallest share a colour and a legend entry."""
    families = ["small", "tiny", *(f"f{i}" for i in range(len(COLOURS)) for _ in range(3)), "small"]
    colours = family_colours(families)
    assert colours["small"] == colours["tiny"] == OTHER_COLOUR
    assert len(set(colours.values())) == len(COLOURS) + 1
    assert list(legend_colours(colours))[-1] == "2 others"


def test_every_kind_has_its_own_marker() -> None:
    """Unknown kinds share one that no known kind has."""
    shapes = [MARKS[kind].shape for kind in KINDS] + [OTHER_MARK.shape]
    assert len(set(shapes)) == len(shapes)


def test_kinds_are_listed_in_their_order_and_unknown_ones_last() -> None:
    """Only kinds that occur are listed."""
    models = pd.DataFrame({"kind": ["zebra", "merge", "base", "ant"]})
    assert kinds_in_order(models) == ["base", "merge", "ant", "zebra"]


def test_a_family_has_its_colour_where_only_some_families_are_shown() -> None:
    """The legend has these alone."""
    models = pd.DataFrame({"family": ["a", "b", "c"], "n_params": [10**3, 10**9, 10**3]})
    everywhere = model_colours(models)
    assert list(everywhere) == ["b", "a", "c"]
    assert model_colours(models, ["c", "b", "c"]) == {"b": everywhere["b"], "c": everywhere["c"]}
