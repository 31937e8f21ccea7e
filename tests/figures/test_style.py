"""How figures are written."""

from pathlib import Path

import numpy as np
import pytest

from modelmap.figures.style import MOST_SHAPES, axes_at, new_figure, save_figure, style


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
