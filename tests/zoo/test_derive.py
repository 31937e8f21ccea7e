"""Merges and quantised copies."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from modelmap.zoo.derive import merged, quantised
from modelmap.zoo.settings import Bits

Weight = NDArray[np.float32]
LARGEST: dict[Bits, int] = {"int8": 127, "int4": 7}
weights = arrays(
    np.float32,
    st.tuples(st.integers(1, 4), st.sampled_from([1, 5, 32, 48, 64])),
    elements=st.floats(-8, 8, width=16),
)
either = st.sampled_from(list(LARGEST))


def round_trip(weight: Any, bits: Bits) -> Any:
    """Return one weight after quantisation, as a numpy array."""
    return quantised({"w": torch.from_numpy(np.asarray(weight, dtype=np.float32))}, bits)[
        "w"
    ].numpy()


def groups(weight: Weight, bits: Bits) -> list[Weight]:
    """Return the stretches of a weight that share a scale: 32 neighbours in int4, else rows."""
    parts = []
    for row in weight:
        size = 32 if bits == "int4" and len(row) % 32 == 0 else len(row)
        parts += [row[i : i + size] for i in range(0, len(row), size)]
    return parts


@settings(deadline=None)
@given(weights, either)
def test_errors_are_at_most_half_a_step_of_each_groups_own_scale(
    weight: Weight, bits: Bits
) -> None:
    """The step is the group's largest weight over 127 or 7; the largest itself is kept."""
    made = round_trip(weight, bits)
    assert made.dtype == np.float32
    assert made.shape == weight.shape
    for before, after in zip(groups(weight, bits), groups(made, bits), strict=True):
        step = float(np.abs(before).max()) / LARGEST[bits]
        assert np.abs(after - before).max() <= step / 2 * (1 + 1e-5)
        place = np.abs(before).argmax()
        assert after[place] == pytest.approx(before[place], rel=1e-6)


@settings(deadline=None)
@given(weights, either)
def test_every_value_is_a_whole_number_of_steps_that_fits_the_integer(
    weight: Weight, bits: Bits
) -> None:
    """At most 255 levels, or 15, symmetric about zero, and zero stays zero."""
    made = round_trip(weight, bits)
    assert (made[weight == 0] == 0).all()
    for before, after in zip(groups(weight, bits), groups(made, bits), strict=True):
        step = float(np.abs(before).max()) / LARGEST[bits]
        if step > 0:
            levels = after / step
            np.testing.assert_allclose(levels, np.round(levels), atol=1e-4)
            assert np.abs(np.round(levels)).max() == LARGEST[bits]


@settings(deadline=None)
@given(weights, either)
def test_a_second_round_trip_changes_nothing_more(weight: Weight, bits: Bits) -> None:
    """What is on the grid stays on it, but for the last digit of the scale."""
    once = round_trip(weight, bits)
    np.testing.assert_allclose(round_trip(once, bits), once, rtol=1e-6, atol=0)


def test_int4_by_hand() -> None:
    """Scale 1: halves go to even, all to the whole number next to them."""
    row = [7.0, -7.0, 0.4, 0.6, -0.6, 2.5, 3.5, -1.2]
    assert round_trip([row], "int4").tolist() == [[7, -7, 0, 1, -1, 2, 4, -1]]


def test_int8_by_hand_has_a_scale_per_row() -> None:
    """Rows of 127 and of 12.7 have steps 1 and .1."""
    made = round_trip([[127.0, 0.4, -3.6], [12.7, 0.44, -0.36]], "int8")
    by_hand = np.array([[127, 0, -4], [12.7, 0.4, -0.4]])
    np.testing.assert_allclose(made, by_hand, rtol=1e-6)


def test_int4_keeps_small_neighbours_apart_from_large_ones() -> None:
    """In a row of 64 each half has its own scale; in one of 48 the small ones are lost."""
    small, large = np.full(32, 0.01), np.full(32, 100.0)
    made = round_trip([np.concatenate([small, large])], "int4")
    np.testing.assert_allclose(made[0, :32], 0.01, rtol=1e-6)
    made = round_trip([np.concatenate([small, large[:16]])], "int4")
    assert (made[0, :32] == 0).all()


def test_int8_is_nearer_than_int4() -> None:
    """Sixteen times finer steps leave a far smaller error on Gaussian weights."""
    weight = np.random.default_rng(0).standard_normal((16, 64)).astype(np.float32)
    errors = [float(np.abs(round_trip(weight, bits) - weight).mean()) for bits in LARGEST]
    assert errors[0] * 8 < errors[1]


def test_vectors_stay_as_they_are_and_the_base_too() -> None:
    """Norms and biases are not quantised; the given weights are not changed."""
    base = {"norm": torch.tensor([1.0, 0.123456]), "w": torch.tensor([[1.0, 0.123456]])}
    made = quantised(base, "int4")
    assert list(made) == ["norm", "w"]
    assert torch.equal(made["norm"], base["norm"])
    assert not torch.equal(made["w"], base["w"])
    assert base["w"].tolist() == [[1.0, pytest.approx(0.123456)]]


def test_a_merge_is_the_mean_of_two_models_by_hand() -> None:
    """Element by element, in either order; the two stay as they are."""
    first = {"a": torch.tensor([[1.0, -2.0]]), "b": torch.tensor([4.0])}
    second = {"b": torch.tensor([-4.0]), "a": torch.tensor([[2.0, 6.0]])}
    for made in (merged(first, second), merged(second, first)):
        assert made["a"].tolist() == [[1.5, 2.0]]
        assert made["b"].tolist() == [0.0]
    assert first["a"].tolist() == [[1.0, -2.0]]
    assert second["b"].tolist() == [-4.0]


def test_a_merge_of_a_model_with_itself_is_the_model() -> None:
    """No digit is lost."""
    one = {"a": torch.randn(3, 5, generator=torch.Generator().manual_seed(0))}
    assert torch.equal(merged(one, one)["a"], one["a"])
