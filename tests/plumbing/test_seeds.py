"""Seeds that names give."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelmap.plumbing.seeds import named_rng, named_seed

names = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="\x1f"), max_size=6), max_size=4
)


def test_seeds_never_change() -> None:
    """Pinned, since all results hang on it: the names joined by \\x1f, through sha256sum."""
    assert named_seed(42, "zoo", "llama", "weights") == 351749608377713697
    drawn = named_rng(42, "zoo", "llama", "weights").integers(0, 1000, 3)
    assert drawn.tolist() == np.random.default_rng(351749608377713697).integers(0, 1000, 3).tolist()


@pytest.mark.parametrize(
    ("seed", "other"),
    [
        (43, ("zoo", "llama", "weights")),
        (-42, ("zoo", "llama", "weights")),
        (42, ("map", "llama", "weights")),
        (42, ("zoo", "gpt2", "weights")),
        (42, ("zoo", "llama", "batches")),
        (42, ("zoo", "llama")),
        (42, ("llama", "zoo", "weights")),
        (42, ("zoo", "llama", "weights", "")),
    ],
)
def test_the_root_and_every_name_and_their_order_count(seed: int, other: tuple[str, ...]) -> None:
    """A change in any of them is another seed, and another stream of numbers."""
    assert named_seed(seed, *other) != named_seed(42, "zoo", "llama", "weights")
    here, there = named_rng(42, "zoo", "llama", "weights"), named_rng(seed, *other)
    assert here.random(4).tolist() != there.random(4).tolist()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", "b"), ("ab",)),
        (("a", "b"), ("a b",)),
        (("a", "b"), ("a,b",)),
        (("a", "b"), ("a/b",)),
        (("a", "b", "c"), ("a", "bc")),
        ((), ("",)),
    ],
)
def test_names_do_not_run_together(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    """Where one name ends and the next begins counts."""
    assert named_seed(1, *one) != named_seed(1, *other)


def test_the_root_does_not_run_into_the_names() -> None:
    """Seed 1 with the name 2 is not seed 12."""
    assert len({named_seed(1, "2", "x"), named_seed(12, "x"), named_seed(1, "2x")}) == 3


@settings(deadline=None)
@given(st.integers(), names, st.integers(), names)
def test_seeds_are_equal_only_for_equal_roots_and_names(
    seed: int, one: list[str], other_seed: int, other: list[str]
) -> None:
    """Any difference gives another seed, equal inputs the same; all are non-negative 63-bit."""
    made, same = named_seed(seed, *one), named_seed(seed, *one)
    assert made == same
    assert 0 <= made < 2**63
    equal = (seed, one) == (other_seed, other)
    assert (made == named_seed(other_seed, *other)) is equal


def test_seeds_are_spread_over_their_range() -> None:
    """Of 2,000 neighbouring names about half give an upper-half seed, and none two the same."""
    made = [named_seed(0, "map", str(i)) for i in range(2000)]
    assert len(set(made)) == 2000
    upper = sum(seed >= 2**62 for seed in made)
    assert abs(upper - 1000) < 4 * (2000 * 0.25) ** 0.5
