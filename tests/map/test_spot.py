"""The place of one more point on a map."""

import numpy as np
import pytest

from modelmap.map.spot import nearness, place_on_map


def grid() -> np.ndarray:
    """Return the places of 25 models, five apart."""
    across, up = np.meshgrid(np.arange(5.0), np.arange(5.0))
    return 5 * np.stack([across.ravel(), up.ravel()], axis=1)


def test_a_model_lies_where_those_lie_that_are_near_by_kl() -> None:
    """KLs that are squared distances from a point of the map give about this point."""
    point = np.array([11.0, 9.0])
    kl = np.square(grid() - point).sum(axis=1)
    assert place_on_map(kl, grid()) == pytest.approx(point, abs=1.0)


def test_a_copy_lies_beside_its_original() -> None:
    """With a KL of 0 to one model, and its KLs to the others, no other model is nearer to it."""
    kl = np.square(grid() - grid()[7]).sum(axis=1)
    distances = np.linalg.norm(grid() - place_on_map(kl, grid()), axis=1)
    assert np.argmin(distances) == 7


@pytest.mark.parametrize("perplexity", [2.0, 5.0, 12.0])
def test_nearness_has_the_wanted_perplexity(perplexity: float) -> None:
    """exp of the entropy is the perplexity, and nearness adds up to 1."""
    kl = np.random.default_rng(0).gamma(2, size=25)
    shares = nearness(kl, perplexity)
    assert shares.sum() == pytest.approx(1)
    entropy = -(shares * np.log(shares)).sum()
    assert np.exp(entropy) == pytest.approx(perplexity, rel=1e-6)
    assert np.argmax(shares) == np.argmin(kl)


def test_equal_kls_have_a_place() -> None:
    """Nothing is nearer than the rest: the place is among all of them."""
    found = place_on_map(np.ones(25), grid())
    assert np.isfinite(found).all()
    assert (found > 0).all()
    assert (found < 20).all()
