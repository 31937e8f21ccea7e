"""The figure of coverage, and its caption."""

import numpy as np
import pandas as pd
import pytest

from modelmap.figures.inputs import Inputs
from modelmap.studies.coverage.intervals import INTERVALS, distribution, failing_pairs
from modelmap.studies.figures import coverage


def inputs(n_pairs: int, low: float = 0.7) -> Inputs:
    """Return coverages between `low` and 0.97, KLs over six powers of ten, and their metrics."""
    held = np.linspace(low, 0.97, n_pairs)
    table = pd.DataFrame(
        {
            "model_a": [f"m{i}" for i in range(n_pairs)],
            "model_b": "z",
            "kl_bits_per_byte": np.geomspace(1e-4, 1e2, n_pairs),
            "coverage": held,
            "coverage_normal": held - 0.01,
            "coverage_by_text": held - 0.03,
            "largest_document": ["d"] * (n_pairs - 1) + ["e"],
            "largest_share": 0.5,
            "largest_absent": 0.4,
        }
    )
    metrics = {
        "estimate": "mixture",
        "confidence": 0.95,
        "within": 0.02,
        "n_replications": 2000,
        "n_pairs": n_pairs,
        **{name: distribution(table[name], 0.95) for name in INTERVALS},
        **failing_pairs(table, 0.95),
    }
    contents = {"coverage.csv": table, "coverage.json": metrics}
    return Inputs(contents.__getitem__, tuple(contents))


@pytest.mark.parametrize(("n_pairs", "low"), [(2, 0.949), (6, 0.03), (2000, 0.6)])
def test_every_pair_and_kind_of_interval_is_drawn(n_pairs: int, low: float) -> None:
    """Two sets of points by KL, three ascending curves, all inside the limits."""
    figure = coverage.draw(inputs(n_pairs, low))
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
    assert coverage.skip_reason(inputs(2)) is None
    assert coverage.skip_reason(inputs(1)) == "needs at least 2 pairs of models"


def test_the_caption_has_the_numbers_of_the_metrics() -> None:
    """Medians of 83.5%, 82.5% and 80.5%; of ten pairs eight are outside the band."""
    words = coverage.caption(inputs(10))
    assert "2000 intervals of 95%" in words
    assert "with the mixture estimate, for 10 pairs" in words
    assert "The median over pairs is 83.5% and the 5th percentile 71.4%" in words
    assert "82.5% for normal intervals, and 80.5% if texts are taken for independent" in words
    assert "plus and minus 2%" in words
    assert "In 8 of the 8 pairs outside the band, the document" in words
    assert words.endswith("is d.")
    assert "outside the band" not in coverage.caption(inputs(3, 0.94))


def test_its_columns_are_those_of_the_study() -> None:
    """The figure and the study name the three kinds of intervals alike."""
    assert coverage.INTERVALS == INTERVALS
