"""Diffusion exponents: by hand, of power laws and of random walks."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelmap.studies.trajectories.exponents import exponent, exponents_summary, mean_interval
from modelmap.studies.trajectories.train_run import lags


@given(power=st.floats(-3, 3), scale=st.floats(1e-6, 1e6))
def test_a_power_law_has_its_exponent(power: float, scale: float) -> None:
    """Whatever its scale."""
    steps = np.array([1.0, 2, 4, 8, 16])
    assert exponent(steps, scale * steps**power) == pytest.approx(power, abs=1e-9)


def test_a_random_walk_has_the_exponent_one() -> None:
    """In many dimensions, where its squared distance hardly varies."""
    steps = np.random.default_rng(0).standard_normal((64, 20_000))
    walk = np.cumsum(steps, axis=0)
    at = np.array([1, 2, 4, 8, 16, 32, 64])
    squared = np.square(walk[at - 1]).sum(axis=1)
    assert exponent(at.astype(float), squared) == pytest.approx(1, abs=0.02)


def test_the_interval_of_a_mean_by_hand() -> None:
    """Mean 2, standard error 1 / sqrt(3), and 4.303 of them for three runs."""
    assert mean_interval([1.0, 2.0, 3.0]) == {"mean": 2.0, "low": -0.484, "high": 4.484}


def test_lags_double_up_to_the_last_step() -> None:
    """By hand."""
    assert lags(0, 8) == [1, 2, 4, 8]
    assert lags(5, 8) == [1, 2]
    assert lags(6, 8) == [1, 2]


def test_the_summary_compares_weights_with_log_likelihoods_of_the_same_runs() -> None:
    """Weights grow like t, KLs like the root of t: the difference is a half in every run."""
    at = np.array([1.0, 2, 4])
    rows = [
        pd.DataFrame(
            {
                "family": family,
                "run": run,
                "origin": 0,
                "lag": at,
                "squared_weight_distance": run * at,
                "kl_papers_bits_per_byte": np.sqrt(at),
                "kl_bits_per_byte": np.sqrt(at) / 9,
            }
        )
        for family in "ab"
        for run in (1, 2)
    ]
    found = exponents_summary(pd.concat(rows))
    assert list(found) == ["from_step_0"]
    first = found["from_step_0"]
    assert isinstance(first, dict)
    assert first["exponents"]["weights"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    assert first["weights_less"]["mixture"] == {"mean": 0.5, "low": 0.5, "high": 0.5}
    assert first["by_family"]["b"] == {"weights": 1.0, "papers": 0.5, "mixture": 0.5}
