"""How faithful a map is."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from modelmap.map.quality import map_trustworthiness, nearest_kept
from modelmap.plumbing.arrays import Matrix


def on_a_line(*places: float) -> Matrix:
    """Return a map of points on a line."""
    return np.array([[place, 0.0] for place in places])


def random_map(n: int, seed: int) -> Matrix:
    """Return a map of random places."""
    return np.random.default_rng(seed).standard_normal((n, 2))


@pytest.mark.parametrize("n_near", [1, 3, 7, 50])
def test_a_perfect_map_is_fully_trustworthy_and_keeps_all_nearest(n_near: int) -> None:
    """Where divergences are the map's own distances, or their squares, both measures are 1."""
    placed = random_map(15, 0)
    for kl in (cdist(placed, placed), cdist(placed, placed) ** 2):
        assert map_trustworthiness(kl, placed, n_near) == 1.0
        assert nearest_kept(kl, placed, n_near) == 1.0


def by_its_definition(kl: Matrix, placed: Matrix, k: int) -> float:
    """Return trustworthiness from the ranks of intruders (Venna and Kaski, 2001)."""
    n = len(kl)
    penalty = 0
    for i in range(n):
        others = [j for j in range(n) if j != i]
        by_kl = sorted(others, key=kl[i].tolist().__getitem__)
        on_map = sorted(others, key=cdist(placed, placed)[i].tolist().__getitem__)
        penalty += sum(max(0, by_kl.index(j) + 1 - k) for j in on_map[:k])
    return 1 - 2 / (n * k * (2 * n - 3 * k - 1)) * penalty


@pytest.mark.parametrize(("n", "n_near", "used"), [(12, 5, 5), (9, 3, 3), (7, 5, 3), (4, 5, 1)])
def test_trustworthiness_is_its_definition(n: int, n_near: int, used: int) -> None:
    """With a neighbourhood below half the models; divergences are read only."""
    high = random_map(n, 1)
    kl, placed = cdist(high, high), random_map(n, 2)
    before = kl.copy()
    expected = by_its_definition(kl, placed, used)
    assert expected < 1
    assert map_trustworthiness(kl, placed, n_near) == pytest.approx(expected, rel=1e-12)
    np.testing.assert_array_equal(kl, before)


@pytest.mark.parametrize(("n_near", "share"), [(1, 0.5), (2, 0.75), (3, 1.0), (9, 1.0)])
def test_the_share_of_nearest_kept_by_hand(n_near: int, share: float) -> None:
    """The nearest by KL, 3, 0, 1 and 1, are 3rd, 1st, 1st and 2nd nearest on the map."""
    kl = np.array(
        [[0.0, 4.0, 5.0, 1.0], [2.0, 0.0, 3.0, 6.0], [7.0, 1.0, 0.0, 3.0], [4.0, 2.0, 3.0, 0.0]]
    )
    assert nearest_kept(kl, on_a_line(0, 1, 3, 7), n_near) == share


def test_a_model_is_never_its_own_neighbour() -> None:
    """Zero to oneself counts neither by KL nor on the map, even where models coincide."""
    kl = np.array([[0.0, 1.0, 2.0], [1.0, 0.0, 2.0], [2.0, 2.0, 0.0]])
    assert nearest_kept(kl, on_a_line(0, 0, 5), 1) == 1.0
    assert nearest_kept(kl, on_a_line(0, 5, 0), 1) == pytest.approx(2 / 3)
