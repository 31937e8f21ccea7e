"""The drawn map: one scale, names that overlap nothing."""

import matplotlib as mpl
import numpy as np
import pytest
from helpers.figure_tables import inputs_of, made_up_models, made_up_places
from matplotlib.collections import EllipseCollection

from modelmap.figures.inputs import Inputs
from modelmap.figures.model_map import draw, limits


def map_of(family_sizes: dict[str, int]) -> Inputs:
    """Return models of these families and their positions."""
    models = made_up_models(family_sizes)
    return inputs_of({"models.parquet": models, "map.parquet": made_up_places(models)})


@pytest.mark.parametrize("ratio", [0.62, 1.0])
def test_both_axes_have_one_scale_and_hold_every_point(ratio: float) -> None:
    """A distance is as long across as it is up, in frames of any shape."""
    x, y = np.array([0.0, 10.0, 4.0]), np.array([-3.0, 5.0, 2.0])
    (left, right), (low, high) = limits(x, y, ratio)
    assert (high - low) / (right - left) == pytest.approx(ratio)
    assert left < x.min() < x.max() < right
    assert low < y.min() < y.max() < high


def test_names_overlap_no_name_and_no_point_and_stay_inside() -> None:
    """On a crowded map of 24 models."""
    inputs = map_of({"a": 6, "b": 6, "c": 6, "d": 6})
    axes = draw(inputs).axes[0]
    boxes = [text.get_window_extent() for text in axes.texts]
    frame = axes.get_window_extent()
    points = axes.transData.transform(inputs.table("map.parquet", "x", "y").to_numpy())
    assert len(boxes) > 12
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert not any(box.contains(*point) for box in boxes for point in points)
    assert all(frame.x0 <= b.x0 and b.x1 <= frame.x1 for b in boxes)
    assert all(frame.y0 <= b.y0 and b.y1 <= frame.y1 for b in boxes)


def test_drawing_changes_no_global_state() -> None:
    """matplotlib's settings are the same after a figure as before."""
    before = dict(mpl.rcParams)
    draw(map_of({"a": 4}))
    assert dict(mpl.rcParams) == before


def test_axes_show_no_numbers() -> None:
    """Coordinates of a t-SNE map have no meaning, so none are written."""
    axes = draw(map_of({"a": 4})).axes[0]
    assert len(axes.get_xticks()) == len(axes.get_yticks()) == 0


def test_large_models_are_shown_large_and_the_others_beside_them() -> None:
    """The main map holds the large ones with their names, and the small map all models."""
    models = made_up_models({"real": 4, "tiny-a": 5, "tiny-b": 5})
    sizes = models["family"].map({"real": 100_000_000, "tiny-a": 1000, "tiny-b": 1000})
    places = made_up_places(models)
    inputs = inputs_of({"models.parquet": models.assign(n_params=sizes), "map.parquet": places})
    figure = draw(inputs)
    # The small map takes its limits, with one scale for both axes, when it is drawn.
    figure.draw_without_rendering()
    main, small = figure.axes
    (left, right), (low, high) = main.get_xlim(), main.get_ylim()
    inside = places["x"].between(left, right) & places["y"].between(low, high)
    assert inside[models["family"] == "real"].all()
    names = {text.get_text() for text in main.texts}
    assert any(name.startswith("real") for name in names)
    assert not any("tiny" in name for name in names)
    frame = small.transData.inverted().transform(small.get_window_extent())
    assert (places[["x", "y"]].to_numpy() > frame[0]).all()
    assert (places[["x", "y"]].to_numpy() < frame[1]).all()


def test_a_model_on_some_texts_has_a_95_percent_ellipse() -> None:
    """Its axes are 2.448 times those of one standard deviation, around its place."""
    models = made_up_models({"a": 6})
    places = made_up_places(models)
    ellipse = ["ellipse_width", "ellipse_height", "ellipse_angle_degrees"]
    places.loc[2, ellipse] = 2.0, 1.0, 30.0
    axes = draw(inputs_of({"models.parquet": models, "map.parquet": places})).axes[0]
    (drawn,) = [each for each in axes.collections if isinstance(each, EllipseCollection)]
    found = (drawn.get_widths(), drawn.get_heights(), drawn.get_offsets())
    widths, heights, offsets = map(np.asarray, found)
    assert widths.tolist() == pytest.approx([2 * 2.448])
    assert heights.tolist() == pytest.approx([2.448])
    assert offsets.tolist() == [places.loc[2, ["x", "y"]].tolist()]
