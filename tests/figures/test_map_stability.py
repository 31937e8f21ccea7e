"""The figure of the map's stability: a panel per setting, all of one scale."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from helpers.figure_tables import made_up_inputs, made_up_models, made_up_places
from matplotlib.collections import EllipseCollection

from modelmap.figures.map_stability import caption, draw, moved, title
from modelmap.stability.maps import Maps
from modelmap.stability.settings import Setting, StabilitySettings

SETTINGS = (("same_texts", "none", 640, 0.1), ("uniform_1N", "uniform", 640, 1.0))


def made_up_stability(models: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Return a stability table in which models scatter by 0.1 and by 1 around their places."""
    rng = np.random.default_rng(0)
    reference = places[["x", "y"]].to_numpy()
    tables = [
        Maps(
            setting, method, n, n, reference + spread * rng.normal(size=(9, *reference.shape))
        ).table(list(models["model"]), reference)
        for setting, method, n, spread in SETTINGS
    ]
    return pd.concat(tables, ignore_index=True)


@pytest.mark.parametrize("family_sizes", [{"a": 4}, {f"f{i}": 10 for i in range(12)}])
def test_every_setting_has_a_panel_of_one_scale(family_sizes: dict[str, int]) -> None:
    """The same limits on each, a unit as long across as up, and all points and centres inside."""
    models = made_up_models(family_sizes)
    places = made_up_places(models)
    stability = made_up_stability(models, places)
    one, other = draw(models, places, stability).axes
    assert one.get_xlim() == other.get_xlim()
    assert one.get_ylim() == other.get_ylim()
    box = one.get_window_extent()
    across, up = np.ptp(one.get_xlim()), np.ptp(one.get_ylim())
    assert box.width / across == pytest.approx(box.height / up)
    for columns in (places[["x", "y"]], stability[["mean_x", "mean_y"]]):
        low, high = zip(one.get_xlim(), one.get_ylim(), strict=True)
        assert (columns.to_numpy() > low).all()
        assert (columns.to_numpy() < high).all()


def test_ellipses_have_the_axes_of_their_covariance() -> None:
    """In data units, at the mean places."""
    models = made_up_models({"a": 4})
    places = made_up_places(models)
    stability = made_up_stability(models, places)
    table = stability[stability["setting"] == "uniform_1N"]
    axes = draw(models, places, stability).axes[1]
    drawn = next(c for c in axes.collections if isinstance(c, EllipseCollection))
    width, height = np.asarray(drawn.get_widths()), np.asarray(drawn.get_heights())
    areas = np.pi * width * height / 4
    determinants = table["cov_xx"] * table["cov_yy"] - table["cov_xy"] ** 2
    np.testing.assert_allclose(areas, np.pi * np.sqrt(determinants))
    np.testing.assert_allclose(np.asarray(drawn.get_offsets()), table[["mean_x", "mean_y"]])


def test_titles_say_what_was_drawn_and_how_far_models_move() -> None:
    """Two models 1 and 3 from their places, on a map of size 10."""
    places = pd.DataFrame({"x": [-10.0, 10.0], "y": 0.0})
    table = pd.DataFrame(
        {"setting": "ls_0.29N", "method": "ls", "n_draws": 2900, "displacement": [1.0, 3.0]}
    )
    assert title(table) == "LS sampling, n = 2,900 draws"
    assert title(table.assign(setting="same_texts")) == "all 2,900 texts, models in other orders"
    assert moved(table, places) == "mean displacement 20% of the map's size"


def test_models_that_do_not_move_are_drawn_as_points() -> None:
    """Ellipses without extent are no error."""
    models = made_up_models({"a": 4})
    places = made_up_places(models)
    reference = places[["x", "y"]].to_numpy()
    still = Maps("same_texts", "none", 64, 64, np.stack([reference] * 3))
    figure = draw(models, places, still.table(list(models["model"]), reference))
    assert figure.axes[0].get_title(loc="left").endswith("mean displacement 0% of the map's size")


def test_the_caption_tells_runs_and_every_settings_spread() -> None:
    """Each number is the table's."""
    inputs = made_up_inputs({"a": 4}, ["x", "y"])
    stability = made_up_stability(inputs.models, inputs.places)
    settings = StabilitySettings(
        seed=1, n_runs=9, max_iter=250, settings=[Setting(method="uniform", draws=1.0)]
    )
    told = caption(dataclasses.replace(inputs, n_texts=640), stability, settings)
    assert "on 9 maps" in told
    assert "N = 640 texts" in told
    assert "(all 640 texts, models in other orders)" in told
    assert "(uniform sampling, n = 640 draws)" in told
