"""The figure of coverage, and its caption."""

import numpy as np
import pandas as pd
import pytest

from modelmap.studies.figures import coverage


def table(n_pairs: int, low: float = 0.7) -> pd.DataFrame:
    """Return a table of coverages between `low` and 0.97 and KLs over six powers of ten."""
    held = np.linspace(low, 0.97, n_pairs)
    return pd.DataFrame(
        {
            "kl_bits_per_byte": np.geomspace(1e-4, 1e2, n_pairs),
            "coverage": held,
            "coverage_normal": held - 0.01,
            "coverage_by_text": held - 0.03,
            "largest_document": ["d"] * (n_pairs - 1) + ["e"],
        }
    )


@pytest.mark.parametrize(("n_pairs", "low"), [(2, 0.949), (6, 0.03), (2000, 0.6)])
def test_every_pair_and_kind_of_interval_is_drawn(n_pairs: int, low: float) -> None:
    """Two sets of points by KL, three ascending curves, all inside the limits."""
    figure = coverage.draw(table(n_pairs, low), 0.95)
    points, curves = figure.axes
    places = [np.asarray(one.get_offsets()) for one in points.collections]
    assert [one.shape for one in places] == [(n_pairs, 2)] * 2
    drawn = [line.get_ydata() for line in curves.lines if np.size(line.get_xdata()) == n_pairs]
    drawn = [np.asarray(one) for one in drawn if np.ptp(one) > 0]
    assert sum(bool((np.diff(one) >= 0).all()) for one in drawn) >= 3
    lowest, highest = points.get_ylim()
    assert lowest <= low - 0.03 < 0.97 <= highest
    assert curves.get_ylim() == (lowest, highest)


def test_one_pair_is_skipped() -> None:
    """With the reason; two are drawn."""
    assert coverage.skip_reason(table(2)) is None
    assert coverage.skip_reason(table(2)[:1]) == "needs at least 2 pairs of models"


def test_the_caption_has_the_numbers_of_the_table() -> None:
    """Medians of 83.5%, 82.5% and 80.5%; of ten pairs eight are outside the band."""
    told = coverage.caption(table(10), 0.95, 2000)
    assert "2000 intervals of 95%" in told
    assert "Median over pairs 83.5%, 5th percentile 71.4%" in told
    assert "normal intervals 82.5%, with texts taken for independent 80.5%" in told
    assert "d, has more of the variance than any other in 8 of the 8 pairs" in told
    assert "One document" not in coverage.caption(table(3, 0.94), 0.95, 2000)
