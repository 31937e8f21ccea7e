"""The spectrum: where it reaches 90% and 95%, and when it is skipped."""

import numpy as np
import pandas as pd

from modelmap.figures.pca_spectrum import marks, skip_reason, ticks


def spectrum_of(shares: list[float]) -> pd.DataFrame:
    """Return a spectrum table."""
    component = np.arange(1, len(shares) + 1)
    cumulative = np.minimum(np.cumsum(shares), 1.0)
    return pd.DataFrame(
        {"component": component, "variance_share": shares, "cumulative_share": cumulative}
    )


def test_shares_are_reached_by_so_many_components() -> None:
    """0.7, 0.92, 0.96: two components reach 90% and three 95%."""
    assert marks(spectrum_of([0.7, 0.22, 0.04, 0.04])) == [(0.90, 2), (0.95, 3)]


def test_one_component_with_all_the_variance_is_skipped() -> None:
    """So it is with two texts, where there is one direction to differ in."""
    assert skip_reason(spectrum_of([1.0, 0.0])) is not None
    assert skip_reason(spectrum_of([0.99, 0.01])) is None


def test_ticks_are_1_2_5_up_to_the_number_of_components() -> None:
    """On the logarithmic axis."""
    assert ticks(54) == [1, 2, 5, 10, 20, 50]
    assert ticks(3) == [1, 2]
