"""The figure of two maps: where models are after alignment, and what it says of them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers.snapshots import places

from modelmap.plumbing.errors import UserError
from modelmap.review.map_of_moves import moves, write_moves


def turned(table: pd.DataFrame) -> pd.DataFrame:
    """Return the map turned by 90 degrees and shifted by (3, 1)."""
    return table.assign(x=-table["y"] + 3, y=table["x"] + 1)


def test_a_map_that_is_turned_has_no_moves_and_added_models_are_turned_with_it() -> None:
    """f is only before, g only after; g lies where it would have been."""
    table = moves(places("abcdef"), turned(places("abcdeg"))).set_index("model")
    np.testing.assert_allclose(
        table.loc[list("abcde"), ["x", "y"]], table.loc[list("abcde"), ["old_x", "old_y"]]
    )
    assert table.index.tolist() == list("abcdefg")
    assert table.loc["f", ["x", "y"]].isna().all()
    np.testing.assert_allclose(
        table.loc["g", ["x", "y"]].astype(float), places("g")[["x", "y"]].to_numpy()[0]
    )


def test_the_figure_names_models_and_is_the_same_bytes_twice(tmp_path: Path) -> None:
    """Models that came and went are counted."""
    files = [tmp_path / "one.svg", tmp_path / "two.svg"]
    for file in files:
        write_moves(places("abcdef"), turned(places("abcdeg")), file)
    text = files[0].read_text()
    assert text == files[1].read_text()
    assert "5 models on both maps" in text
    assert "1 added" in text
    for name in "abcdefg":
        assert f">{name}</text>" in text


def test_what_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    """Without a map before the change, or with two models in common."""
    with pytest.raises(UserError, match="no map before the change"):
        write_moves(None, places("abc"), tmp_path / "moves.svg")
    with pytest.raises(UserError, match="maps with 2 models in common"):
        write_moves(places("abx"), places("aby"), tmp_path / "moves.svg")
    assert list(tmp_path.iterdir()) == []
