"""The map of new models: they alone are coloured and named."""

import numpy as np
import pandas as pd
import pytest
from helpers.figure_tables import inputs_of, made_up_contents, made_up_models, made_up_places

from modelmap.figures.colours_and_markers import OTHER_COLOUR, model_colours
from modelmap.figures.new_models import caption, draw, mark_areas, new_colours, skip_reason
from modelmap.new_models.tables import NEW_MODELS
from modelmap.new_models.trial import LS_BY_EXISTING, UNIFORM_SAME_TEXTS
from modelmap.plumbing.tables import check_table


def made_up_new_models(models: pd.DataFrame, n_new: int) -> pd.DataFrame:
    """Return a map of `models` on which the last are new."""
    places = made_up_places(models)[["model", "x", "y"]]
    places.insert(1, "is_new", [i >= len(models) - n_new for i in range(len(models))])
    return check_table(places, NEW_MODELS, "new_models.parquet")


def test_without_new_models_the_figure_is_skipped() -> None:
    """For the reason that the stage gives in its metrics."""
    assert skip_reason(inputs_of({"new_models.json": {"skipped": "needs more"}})) == "needs more"
    assert skip_reason(inputs_of({"new_models.json": {"n_new": 1}})) is None


@pytest.mark.parametrize(("family_sizes", "n_new"), [({"a": 5}, 1), ({"a": 9, "b": 9, "c": 3}, 4)])
def test_only_new_models_are_named(family_sizes: dict[str, int], n_new: int) -> None:
    """Names are those of new models, by families of the model map's colours."""
    models = made_up_models(family_sizes)
    new_models = made_up_new_models(models, n_new)
    axes = draw(inputs_of({"models.parquet": models, "new_models.parquet": new_models})).axes[0]
    names = {text.get_text().split(" ")[0] for text in axes.texts}
    new = set(new_models.loc[new_models["is_new"], "model"])
    assert names
    assert all(any(model.endswith(name) for model in new) for name in names)
    assert len(np.asarray(axes.collections[-1].get_offsets())) == n_new
    on_map = model_colours(models)
    joined = models.merge(new_models, on="model")
    families = list(joined.loc[joined["is_new"], "family"])
    assert all(on_map[name] == colour for name, colour in new_colours(models, families).items())


def test_a_new_family_without_a_colour_of_its_own_gets_one() -> None:
    """Beyond ten families the map has one grey for the rest, which would not show here."""
    models = made_up_models({f"f{i:02}": 12 - i // 3 for i in range(20)})
    joined = models.merge(made_up_new_models(models, 10), on="model")
    families = list(joined.loc[joined["is_new"], "family"])
    assert OTHER_COLOUR in model_colours(models).values()
    assert set(new_colours(models, families)) == {"f18", "f19"}
    assert OTHER_COLOUR not in new_colours(models, families).values()


def test_marks_shrink_with_their_own_number() -> None:
    """New ones stay large among a thousand."""
    areas = mark_areas(pd.Series([True] * 10 + [False] * 240))
    assert areas[0] == 44
    assert areas[-1] == 26 / 4


def test_the_caption_states_the_errors_of_the_table() -> None:
    """By kind of pair, by LS and by as many unique texts of uniform sampling."""
    contents = made_up_contents({"a": 5}, ["x", "y"])
    errors = pd.DataFrame(
        [
            (LS_BY_EXISTING, "existing_existing", 6, 20.0, 14.2, 0.11, 0.5),
            (LS_BY_EXISTING, "new_existing", 4, 20.0, 14.2, 0.13, 0.5),
            (UNIFORM_SAME_TEXTS, "existing_existing", 6, 18.0, 14.2, 0.21, 0.5),
            (UNIFORM_SAME_TEXTS, "new_existing", 4, 18.0, 14.2, 0.23, 0.5),
        ],
        columns=["design", "pairs", "n_pairs", "n", "d", "relative_error", "absolute_error"],
    )
    metrics = {"n_new": 1, "n_existing": 4, "n_draws": 20, "ls": {"unique_texts": 14.2}}
    contents |= {"new_models.csv": errors, "new_models.json": metrics}
    words = caption(inputs_of(contents))
    assert "The 4 existing models alone gave the probabilities of 20 draws" in words
    assert "the 1 newest" in words
    assert (
        "from 14 unique texts on average: 11% existing to existing, 13% new to existing;" in words
    )
    assert words.endswith("21% existing to existing, 23% new to existing.")
