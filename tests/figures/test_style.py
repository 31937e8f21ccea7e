"""How figures are written."""

from pathlib import Path

import numpy as np
import pytest

from modelmap.figures.style import MOST_SHAPES, axes_at, log_axes, new_figure, save_figure, style


@pytest.mark.parametrize(("n_points", "images"), [(20, 0), (MOST_SHAPES + 1, 1)])
def test_many_marks_become_an_image_and_text_stays_text(
    n_points: int, images: int, tmp_path: Path
) -> None:
    """A figure with more than MOST_SHAPES marks holds them as one image; its title is searched."""
    with style():
        figure = new_figure(3.0, 2.0)
        axes = axes_at(figure, 0.5, 0.5, 2.0, 1.0)
        axes.scatter(np.arange(n_points), np.arange(n_points) % 7)
        axes.set_title("A title")
    assert save_figure(figure, tmp_path, "points", ["svg"], 100) == ["svg/points.svg"]
    drawn = (tmp_path / "svg" / "points.svg").read_text()
    assert (drawn.count("<image"), drawn.count(">A title</text>")) == (images, 1)


@pytest.mark.parametrize("text", ["$", "$x$", "a$b$c", "$\\frac$", "\\$", "$$"])
def test_dollar_signs_begin_no_formula(text: str, tmp_path: Path) -> None:
    """Formulas in names would be drawn as formulas, or stop the figure if they are none."""
    with style():
        figure = new_figure(2.0, 1.0)
        axes_at(figure, 0.5, 0.5, 1.0, 0.2).set_title(text)
    save_figure(figure, tmp_path, "title", ["svg", "png"], 100)
    assert f">{text}</text>" in (tmp_path / "svg" / "title.svg").read_text()


@pytest.mark.filterwarnings("error")
def test_an_axis_without_positive_values_stays_linear() -> None:
    """Errors that are all 0 have no logarithm; the other axis is logarithmic."""
    with style():
        axes = axes_at(new_figure(2.0, 1.0), 0.5, 0.5, 1.0, 0.2)
        axes.plot([1, 10], [0, 0])
        log_axes(axes)
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "linear")
