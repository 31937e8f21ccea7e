import numpy as np
import pandas as pd
import pytest

from modelmap.resample.curves import (
    baselines,
    error_at,
    meeting_points,
    method_curve,
    sizes,
    with_population,
)


def curves() -> pd.DataFrame:
    """Return exact curves for N = 100: uniform errs by 1 / sqrt(n), ls by half of it."""
    numbers = [25, 50, 100, 200]
    made = []
    for method, factor, unique in (("uniform", 1.0, 0.6), ("ls", 0.5, 0.4)):
        error = factor / np.sqrt(numbers)
        runs = np.stack([[unique * n, e, e] for n, e in zip(numbers, error, strict=True)])
        made.append(method_curve(method, numbers, runs[None]))
    return pd.concat(made, ignore_index=True)


def test_a_curve_is_the_root_mean_square_over_runs() -> None:
    """Errors 3 and 4 become sqrt(12.5), unique texts 10 and 20 become 15."""
    runs = np.array([[[10.0, 3.0, 0.3]], [[20.0, 4.0, 0.4]]])
    (row,) = method_curve("ls", [30], runs).itertuples()
    assert (row.n, row.d) == (30, 15)
    assert row.absolute_error == pytest.approx(np.sqrt(12.5))
    assert row.relative_error == pytest.approx(np.sqrt(0.125))


def test_errors_against_the_population_add_in_squares() -> None:
    """tau_ls(25) = .1 and tau_uniform(100) = .1 give sqrt(.02); theory is .1 sqrt(100 / 25)."""
    extended = with_population(curves(), 100)
    row = extended[(extended["method"] == "ls") & (extended["n"] == 25)].iloc[0]
    assert row["relative_to_population"] == pytest.approx(np.sqrt(0.02))
    assert row["absolute_theory"] == pytest.approx(0.2)


def test_errors_between_sizes_of_the_grid_are_linear_in_the_logarithm() -> None:
    """A power law is met exactly between its points."""
    assert error_at(curves(), "uniform", "relative", 70) == pytest.approx(1 / np.sqrt(70))


def test_the_baseline_is_uniform_samplings_error_at_half_the_texts() -> None:
    """tau_uniform(50) for N = 100."""
    expected = {"relative": 1 / np.sqrt(50), "absolute": 1 / np.sqrt(50)}
    assert baselines(curves(), 100) == pytest.approx(expected)


def test_meeting_points_by_hand() -> None:
    """Uniform meets sqrt(2) tau(N) at n = N, ls at 25, with 10 unique texts to uniform's 60."""
    extended = with_population(curves(), 100)
    bound = {"relative": 0.1 * np.sqrt(2) + 1e-9}
    points = meeting_points(extended, bound).set_index("method")
    assert points.loc["uniform", ["n", "d", "d_ratio_to_uniform"]].tolist() == [100, 60, 1]
    assert points.loc["ls", ["n", "d"]].tolist() == [25, 10]
    assert points.loc["ls", "d_ratio_to_uniform"] == pytest.approx(1 / 6)


def test_a_baseline_that_is_not_reached_is_missing() -> None:
    """No size of the grid is as good: n, d and ratio are missing."""
    points = meeting_points(with_population(curves(), 100), {"relative": 0.01})
    assert points[["n", "d", "d_ratio_to_uniform"]].isna().all(axis=None)


def test_an_error_of_0_is_almost_0_between_sizes() -> None:
    """Its logarithm is not a number that could be interpolated."""
    exact = curves().assign(relative_error=0.0)
    assert error_at(exact, "uniform", "relative", 70) == pytest.approx(0, abs=1e-300)


@pytest.mark.parametrize(("n_texts", "expected"), [(2, [2, 3, 4]), (3, [2, 3, 4, 5, 6])])
def test_few_texts_have_each_size_once(n_texts: int, expected: list[int]) -> None:
    """Several multiples of 2 or 3 texts round to the same number of draws."""
    assert sizes(n_texts) == expected


def test_sizes_go_on_beyond_all_texts() -> None:
    """The papers' grid, then up to twice N, ascending."""
    numbers = sizes(10_000)
    assert numbers[:109] == [*range(10, 100, 10), *range(100, 10_001, 100)]
    assert numbers[-1] == 20_000
    assert numbers == sorted(set(numbers))
