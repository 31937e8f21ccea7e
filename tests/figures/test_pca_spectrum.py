"""The spectrum: where 90% and 95% are marked, and when the figure is skipped."""

import numpy as np
import pandas as pd
from helpers.figure_tables import Contents, inputs_of

from modelmap.figures.pca_spectrum import draw, skip_reason, ticks


def spectrum_of(shares: list[float]) -> Contents:
    """Return a spectrum table, and metrics by which 2 components reach 90% and 3 reach 95%."""
    component = np.arange(1, len(shares) + 1)
    cumulative = np.minimum(np.cumsum(shares), 1.0)
    table = pd.DataFrame(
        {"component": component, "variance_share": shares, "cumulative_share": cumulative}
    )
    metrics = {"components_for_90_percent": 2, "components_for_95_percent": 3}
    return {"spectrum.parquet": table, "map.json": metrics}


def test_shares_are_marked_at_the_components_of_the_metrics() -> None:
    """Lines lead from 90% and 95% down to components 2 and 3."""
    (axes,) = draw(inputs_of(spectrum_of([0.7, 0.22, 0.04, 0.04]))).axes
    ends = {line.get_label(): np.asarray(line.get_xydata())[1:].tolist() for line in axes.lines}
    assert ends["90% with 2"] == [[2, 0.90], [2, 0]]
    assert ends["95% with 3"] == [[3, 0.95], [3, 0]]


def test_one_component_with_all_the_variance_is_skipped() -> None:
    """So it is with two texts, where there is one direction to differ in."""
    assert skip_reason(inputs_of(spectrum_of([1.0, 0.0]))) is not None
    assert skip_reason(inputs_of(spectrum_of([0.99, 0.01]))) is None


def test_ticks_are_1_2_5_up_to_the_number_of_components() -> None:
    """On the logarithmic axis."""
    assert ticks(54) == [1, 2, 5, 10, 20, 50]
    assert ticks(3) == [1, 2]
