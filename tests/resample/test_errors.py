"""The number of texts at which an error is reached, between the sizes that were measured."""

import pytest

from modelmap.resample.errors import size_for_error


@pytest.mark.parametrize(
    ("wanted", "needed"), [(0.2, 16.0), (0.1, 64.0), (0.5, None), (0.05, None)]
)
def test_sizes_for_an_error_lie_on_a_straight_line_of_logarithms(
    wanted: float, needed: float | None
) -> None:
    """Errors that fall with the root of the number of texts; beyond the sizes nothing is known."""
    found = size_for_error([4, 8, 64], [0.4, 0.4 / 2**0.5, 0.1], wanted)
    assert found == (None if needed is None else pytest.approx(needed))
