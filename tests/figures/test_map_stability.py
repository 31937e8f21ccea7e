"""The figure of the map's stability: a panel per setting, all of one scale."""

import numpy as np
import pandas as pd
import pytest
from helpers.figure_tables import Contents, inputs_of, made_up_models, made_up_places
from matplotlib.collections import EllipseCollection

from modelmap.figures.map_stability import caption, draw, title
from modelmap.stability.maps import Maps

SETTINGS = (("same_texts", "none", 640, 0.1), ("uniform_1N", "uniform", 640, 1.0))


def made_up_stability(family_sizes: dict[str, int]) -> Contents:
    """Return maps on which models scatter by 0.1 and by 1 around their places, with metrics."""
    models = made_up_models(family_sizes)
    places = made_up_places(models)
    rng = np.random.default_rng(0)
    reference = places[["x_papers", "y_papers"]].to_numpy()
    maps = [
        Maps(setting, method, n, n, reference + spread * rng.normal(size=(9, *reference.shape)))
        for setting, method, n, spread in SETTINGS
    ]
    tables = [one.table(list(models["model"]), reference) for one in maps]
    metrics = {
        "n_runs": 9,
        "same_texts": {"displacement_share": 0.021, "spread_share": 0.056},
        "uniform_1N": {"displacement_share": 0.2, "spread_share": 0.226},
    }
    return {
        "models.parquet": models,
        "map.parquet": places,
        "stability.parquet": pd.concat(tables, ignore_index=True),
        "stability.json": metrics,
        "matrix.json": {
            "n_models": len(models),
            "n_models_with_all_texts": len(models),
            "n_texts": 640,
            "mean_bytes": 900.0,
        },
    }


@pytest.mark.parametrize("family_sizes", [{"a": 4}, {f"f{i}": 10 for i in range(12)}])
def test_every_setting_has_a_panel_of_one_scale(family_sizes: dict[str, int]) -> None:
    """The same limits on each, a unit as long across as up, and all points and centres inside."""
    contents = made_up_stability(family_sizes)
    places, stability = contents["map.parquet"], contents["stability.parquet"]
    one, other = draw(inputs_of(contents)).axes
    assert one.get_xlim() == other.get_xlim()
    assert one.get_ylim() == other.get_ylim()
    box = one.get_window_extent()
    across, up = np.ptp(one.get_xlim()), np.ptp(one.get_ylim())
    assert box.width / across == pytest.approx(box.height / up)
    for columns in (places[["x_papers", "y_papers"]], stability[["mean_x", "mean_y"]]):
        low, high = zip(one.get_xlim(), one.get_ylim(), strict=True)
        assert (columns.to_numpy() > low).all()
        assert (columns.to_numpy() < high).all()


def test_ellipses_have_the_axes_of_their_covariance() -> None:
    """In data units, at the mean places."""
    contents = made_up_stability({"a": 4})
    stability = contents["stability.parquet"]
    table = stability[stability["setting"] == "uniform_1N"]
    axes = draw(inputs_of(contents)).axes[1]
    drawn = next(c for c in axes.collections if isinstance(c, EllipseCollection))
    width, height = np.asarray(drawn.get_widths()), np.asarray(drawn.get_heights())
    areas = np.pi * width * height / 4
    determinants = table["cov_xx"] * table["cov_yy"] - table["cov_xy"] ** 2
    np.testing.assert_allclose(areas, np.pi * np.sqrt(determinants))
    np.testing.assert_allclose(np.asarray(drawn.get_offsets()), table[["mean_x", "mean_y"]])


def test_titles_say_what_was_drawn_and_how_far_models_move() -> None:
    """The displacement is that of the metrics of the setting."""
    table = pd.DataFrame({"setting": ["ls_0.29N"], "method": "ls", "n_draws": 2900})
    assert title(table) == "LS sampling, n = 2,900 draws"
    assert title(table.assign(setting="same_texts")) == "all 2,900 texts, models in other orders"
    one, other = draw(inputs_of(made_up_stability({"a": 4}))).axes
    assert one.get_title(loc="left").endswith("mean displacement 2% of the map's size")
    assert other.get_title(loc="left").endswith("mean displacement 20% of the map's size")


def test_models_that_do_not_move_are_drawn_as_points() -> None:
    """Ellipses without extent are no error."""
    contents = made_up_stability({"a": 4})
    reference = contents["map.parquet"][["x", "y"]].to_numpy()
    still = Maps("same_texts", "none", 64, 64, np.stack([reference] * 3))
    table = still.table(list(contents["models.parquet"]["model"]), reference)
    figure = draw(inputs_of(contents | {"stability.parquet": table}))
    assert len(figure.axes) == 1


def test_the_caption_states_runs_and_every_settings_spread() -> None:
    """Each number is that of the metrics."""
    words = caption(inputs_of(made_up_stability({"a": 4})))
    assert "on 9 maps" in words
    assert "N = 640 texts" in words
    assert "6% (all 640 texts, models in other orders)" in words
    assert "23% (uniform sampling, n = 640 draws)" in words
