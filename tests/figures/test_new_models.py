"""The map of new models: they alone are coloured and named."""

import numpy as np
import pandas as pd
import pytest
from helpers.figure_tables import made_up_inputs, made_up_models, made_up_places

from modelmap.figures.kinship import OTHER_COLOUR, family_colours
from modelmap.figures.new_models import caption, draw, mark_areas, new_colours, skip_reason
from modelmap.new_models.tables import NEW_MODELS
from modelmap.new_models.trial import LS_BY_EXISTING, UNIFORM_SAME_TEXTS
from modelmap.plumbing.tables import check_table, empty_table


def made_up_newcomers(models: pd.DataFrame, n_new: int) -> pd.DataFrame:
    """Return a map of `models` on which the last are new."""
    places = made_up_places(models)
    places.insert(1, "is_new", [i >= len(models) - n_new for i in range(len(models))])
    return check_table(places, NEW_MODELS, "new_models.parquet")


def test_without_new_models_the_figure_is_skipped() -> None:
    """An empty table is what a skipped stage leaves."""
    assert skip_reason(empty_table(NEW_MODELS)) is not None
    assert skip_reason(made_up_newcomers(made_up_models({"a": 5}), 1)) is None


@pytest.mark.parametrize(("family_sizes", "n_new"), [({"a": 5}, 1), ({"a": 9, "b": 9, "c": 3}, 4)])
def test_only_new_models_are_named(family_sizes: dict[str, int], n_new: int) -> None:
    """Names are those of new models, by families of the model map's colours."""
    models = made_up_models(family_sizes)
    new_models = made_up_newcomers(models, n_new)
    axes = draw(models, new_models).axes[0]
    names = {text.get_text().split(" ")[0] for text in axes.texts}
    new = set(new_models.loc[new_models["is_new"], "model"])
    assert names
    assert all(any(model.endswith(name) for model in new) for name in names)
    assert len(np.asarray(axes.collections[-1].get_offsets())) == n_new
    every = family_colours(list(models["family"]))
    joined = models.merge(new_models, on="model")
    assert all(every[family] == colour for family, colour in new_colours(joined).items())


def test_a_new_family_without_a_colour_of_its_own_gets_one() -> None:
    """Beyond ten families the map has one grey for the rest, which would not show here."""
    models = made_up_models({f"f{i:02}": 12 - i // 3 for i in range(20)})
    joined = models.merge(made_up_newcomers(models, 10), on="model")
    assert OTHER_COLOUR in family_colours(list(models["family"])).values()
    assert set(new_colours(joined)) == {"f18", "f19"}
    assert OTHER_COLOUR not in new_colours(joined).values()


def test_marks_shrink_with_their_own_number() -> None:
    """New ones stay large among a thousand."""
    areas = mark_areas(pd.Series([True] * 10 + [False] * 240))
    assert areas[0] == 44
    assert areas[-1] == 26 / 4


def test_the_caption_tells_the_errors_of_the_table() -> None:
    """By kind of pair, by LS and by as many unique texts of uniform sampling."""
    inputs = made_up_inputs({"a": 5}, ["x", "y"])
    errors = pd.DataFrame(
        [
            (LS_BY_EXISTING, "existing_existing", 6, 20.0, 14.2, 0.11, 0.5),
            (LS_BY_EXISTING, "new_existing", 4, 20.0, 14.2, 0.13, 0.5),
            (UNIFORM_SAME_TEXTS, "existing_existing", 6, 18.0, 14.2, 0.21, 0.5),
            (UNIFORM_SAME_TEXTS, "new_existing", 4, 18.0, 14.2, 0.23, 0.5),
        ],
        columns=["design", "pairs", "n_pairs", "n", "d", "relative_error", "absolute_error"],
    )
    told = caption(inputs, made_up_newcomers(inputs.models, 1), errors)
    assert "drawn 20 times by LS" in told
    assert "4 existing models alone; the 1 newest" in told
    assert "from 14 unique texts on average: 11% existing to existing, 13% new to existing;" in told
    assert told.endswith("21% existing to existing, 23% new to existing.")
