import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from modelmap.resample.paper_draws import drawn_texts, grid, run_seeds


def test_the_draws_are_numpys_legacy_choice_with_probabilities() -> None:
    """RandomState(42).choice(N, n, p=pi): the papers' own."""
    pi = np.array([0.1, 0.2, 0.3, 0.4])
    expected = np.random.RandomState(42).choice(4, 9, p=pi)
    assert drawn_texts(pi, 9, 42).tolist() == expected.tolist()


def test_uniform_draws_pass_their_probabilities_too() -> None:
    """Without p the same seed draws other texts, so it matters."""
    pi = np.full(10, 0.1)
    without = np.random.RandomState(42).choice(10, 20)
    assert drawn_texts(pi, 20, 42).tolist() != without.tolist()
    assert (
        drawn_texts(pi, 20, 42).tolist() == np.random.RandomState(42).choice(10, 20, p=pi).tolist()
    )


@given(st.integers(1, 60), st.integers(0, 2**31), st.integers(2, 25))
def test_fewer_draws_are_a_prefix_of_more(size: int, seed: int, n_texts: int) -> None:
    """For one seed the draws nest, so that one pass serves all sizes."""
    pi = np.arange(1, n_texts + 1) / np.arange(1, n_texts + 1).sum()
    more = drawn_texts(pi, size + 40, seed)
    assert drawn_texts(pi, size, seed).tolist() == more[:size].tolist()


def test_the_grid_of_ten_thousand_texts_is_the_papers() -> None:
    """10 to 90 by 10, then 100 to 10,000 by 100: 109 sizes."""
    sizes = grid(10_000)
    assert sizes == [*range(10, 100, 10), *range(100, 10_001, 100)]
    assert len(sizes) == 109


def test_the_grid_scales_with_the_texts() -> None:
    """It ends at N, ascends, and has no size below 2."""
    sizes = grid(640)
    assert (sizes[0], sizes[-1]) == (2, 640)
    assert sizes == sorted(set(sizes))


def test_the_papers_hundred_runs_have_seeds_42_to_141() -> None:
    """R = 100 runs, seeds 42..141."""
    assert run_seeds(100) == list(range(42, 142))
