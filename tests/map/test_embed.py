"""Map coordinates and the spectrum of Q."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.decomposition import PCA

from modelmap.divergence.mixture import mixture_kl
from modelmap.map.embed import (
    TsneOptions,
    classical_scaling,
    components_for,
    perplexity,
    spectrum,
    tsne,
)
from modelmap.map.tables import SPECTRUM
from modelmap.matrix.clip_centre import double_centred
from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.tables import check_table


def two_clusters(size: int = 8, apart: float = 60.0) -> Matrix:
    """Return coordinates of two groups of models, far from each other."""
    values = np.random.default_rng(0).standard_normal((2 * size, 30))
    values[:size, :15] += apart / 15**0.5
    return double_centred(values)


@pytest.mark.parametrize(
    ("n_models", "largest", "expected"),
    [
        (4, 30, 1),
        (6, 30, 1),
        (7, 30, 2),
        (12, 30, 3),
        (55, 30, 18),
        (90, 30, 29),
        (91, 30, 30),
        (1018, 30, 30),
        (1018, 50, 50),
        (55, 5, 5),
        (55, 2.5, 2.5),
    ],
)
def test_perplexity_is_at_most_a_third_of_the_other_models(
    n_models: int, largest: float, expected: float
) -> None:
    """min(largest, floor((K - 1) / 3)): 30 as the papers' from 91 models on."""
    assert perplexity(n_models, largest) == expected


@pytest.mark.parametrize("n_models", [0, 1, 2, 3])
def test_fewer_than_four_models_make_no_map(n_models: int) -> None:
    """Below four models no perplexity is left."""
    with pytest.raises(ValueError, match=f"at least 4 models, not {n_models}"):
        perplexity(n_models, 30)


@pytest.mark.parametrize("metric", ["euclidean", "sqeuclidean"])
@pytest.mark.parametrize("algorithm", ["exact", "barnes_hut"])
def test_the_same_seed_gives_the_same_bytes_and_two_clusters_stay_apart(
    metric: str, algorithm: str
) -> None:
    """A map is a function of its input; a straight line parts the two groups on it."""
    q = two_clusters(size=20)
    one, same = (tsne(q, TsneOptions(30, metric, algorithm, 4, 300, 2**62 + 1)) for _ in range(2))
    assert one.shape == (40, 2)
    assert one.dtype == np.float64
    assert one.tobytes() == same.tobytes()
    across = one @ (one[:20].mean(axis=0) - one[20:].mean(axis=0))
    assert across[:20].min() > across[20:].max()


def test_the_papers_metric_draws_another_map() -> None:
    """Squaring the distances once more changes which models are near."""
    q = two_clusters(size=4)
    one, papers = (
        tsne(q, TsneOptions(30, metric, "exact", 4, 250, 1))
        for metric in ("euclidean", "sqeuclidean")
    )
    assert not np.allclose(one, papers)


def test_the_smallest_map_has_four_models() -> None:
    """Four models get four places, all of them numbers."""
    placed = tsne(two_clusters(size=2), TsneOptions(30, "euclidean", "exact", 4, 250, 1))
    assert placed.shape == (4, 2)
    assert np.isfinite(placed).all()


def square(coordinates: Matrix) -> Matrix:
    """Return the squared Euclidean distances of the rows."""
    squares: Matrix = np.square(coordinates[:, None] - coordinates).sum(axis=2)
    return squares


def test_classical_scaling_of_points_on_a_line_by_hand() -> None:
    """Squared distances of 0, 1 and 5: one axis, on which the mean 2 is the origin."""
    coordinates = classical_scaling(square(np.array([[0.0], [1.0], [5.0]])))
    assert coordinates.shape == (3, 3)
    np.testing.assert_allclose(np.abs(coordinates[:, -1]), [2, 1, 3], rtol=1e-12)
    np.testing.assert_allclose(coordinates[:, :-1], 0, atol=1e-7)


@settings(deadline=None, max_examples=50)
@given(arrays(np.float64, st.tuples(st.integers(4, 9), st.just(2)), elements=st.floats(-9, 9)))
def test_classical_scaling_gives_points_of_a_plane_back(points: Matrix) -> None:
    """Distances are those of the points, and the mean is at the origin."""
    coordinates = classical_scaling(square(points))
    np.testing.assert_allclose(square(coordinates), square(points), atol=1e-9)
    # On axes without variance there is the root of a rounding error: products of up to 162 are
    # rounded by about 1e-13, whose root is 3e-7.
    np.testing.assert_allclose(coordinates.mean(axis=0), 0, atol=1e-6)


@pytest.mark.parametrize("n_models", [4, 12])
def test_squared_distances_of_the_coordinates_are_the_mixture_estimates(n_models: int) -> None:
    """So that t-SNE of the coordinates is t-SNE of the KL divergences."""
    rng = np.random.default_rng(0)
    values = rng.normal(-3, rng.uniform(0.1, 4, (n_models, 1)), (n_models, 200))
    loglik_nats = values.astype(np.float32)
    kl = mixture_kl(loglik_nats, loglik_nats, np.full(200, 5))
    np.testing.assert_allclose(square(classical_scaling(kl)), kl, rtol=1e-5, atol=1e-7)


def test_axes_of_negative_variance_are_left_out() -> None:
    """1, 1 and 9 are no squared distances: the nearest points are on a line, and stay finite."""
    kl = np.array([[0.0, 1, 9], [1, 0, 1], [9, 1, 0]])
    coordinates = classical_scaling(kl)
    assert np.isfinite(coordinates).all()
    products = coordinates @ coordinates.T
    centring = np.eye(3) - 1 / 3
    wanted = -centring @ kl @ centring / 2
    values, vectors = np.linalg.eigh(wanted)
    assert values.min() < -0.1
    np.testing.assert_allclose(products, vectors * np.maximum(values, 0) @ vectors.T, atol=1e-12)


@pytest.mark.parametrize("algorithm", ["exact", "barnes_hut"])
def test_a_sample_of_one_text_makes_a_map(algorithm: str) -> None:
    """Models are placed by one column as by that column and one of zeros."""
    q = two_clusters(size=8)[:, :1]
    options = TsneOptions(30, "euclidean", algorithm, 4, 250, 1)
    placed = tsne(q, options)
    assert np.ptp(placed, axis=0).max() > 0
    assert placed.tobytes() == tsne(np.hstack([q, np.zeros_like(q)]), options).tobytes()


@pytest.mark.parametrize("difference", [0.0, 1e-10, 1e-300])
def test_identical_models_lie_at_the_origin_and_have_no_components(difference: float) -> None:
    """So do models that differ by rounding only."""
    q = difference * two_clusters(size=4, apart=0.1)
    assert (tsne(q, TsneOptions(30, "euclidean", "exact", 4, 250, 1)) == 0).all()
    assert check_table(spectrum(q), SPECTRUM, "spectrum").empty
    assert components_for(spectrum(q)["cumulative_share"].to_numpy(), 0.9) == 0


def test_the_map_and_the_spectrum_do_not_change_their_input() -> None:
    """Coordinates are read only."""
    q = two_clusters()
    before = q.tobytes()
    tsne(q, TsneOptions(30, "euclidean", "exact", 4, 250, 1))
    spectrum(q)
    assert q.tobytes() == before


@pytest.mark.parametrize(("n_models", "n_texts"), [(5, 40), (12, 6), (4, 4)])
def test_the_spectrum_is_that_of_principal_components(n_models: int, n_texts: int) -> None:
    """Shares are scikit-learn's explained variance ratios, fall, and sum to 1."""
    q = double_centred(np.random.default_rng(2).gamma(2, 100, (n_models, n_texts)))
    table = check_table(spectrum(q), SPECTRUM, "spectrum")
    shares = table["variance_share"].to_numpy()
    ratios = PCA(svd_solver="full").fit(q).explained_variance_ratio_
    assert len(shares) == min(n_models - 1, n_texts)
    np.testing.assert_allclose(shares, ratios[: len(shares)], atol=1e-12)
    assert shares.sum() == pytest.approx(1, abs=1e-12)
    assert (np.diff(shares) <= 0).all()
    cumulative = table["cumulative_share"].to_numpy()
    np.testing.assert_allclose(cumulative, np.add.accumulate(shares), atol=1e-12)
    assert cumulative[-1] <= 1
    assert table["component"].tolist() == list(range(1, len(shares) + 1))


def test_the_spectrum_of_a_line_and_of_a_cross_by_hand() -> None:
    """Models on one line have one component; two spreads of 4 and 1 have shares .8 and .2."""
    line = np.outer([-3.0, 1.0, 2.0], [1.0, -1.0])
    np.testing.assert_allclose(spectrum(line)["variance_share"], [1, 0], atol=1e-15)
    cross = np.array([[2.0, 0, 0], [-2.0, 0, 0], [0, 1.0, 0], [0, -1.0, 0]])
    np.testing.assert_allclose(spectrum(cross)["variance_share"], [0.8, 0.2, 0], atol=1e-15)


@pytest.mark.parametrize(
    ("share", "components"),
    [(0.0, 1), (0.4, 1), (0.5, 1), (0.51, 2), (0.75, 2), (0.76, 3), (0.99, 4), (1.0, 4)],
)
def test_components_for_a_share_are_the_fewest_that_reach_it(share: float, components: int) -> None:
    """Of .5, .25, .125, .125: exactly reaching a share is enough."""
    assert components_for(np.array([0.5, 0.75, 0.875, 1.0]), share) == components


def test_no_share_needs_more_components_than_there_are() -> None:
    """A sum that rounds to just below 1 still reaches 1 with the last."""
    cumulative = np.cumsum(np.full(10, 0.1))
    assert cumulative[-1] < 1
    assert components_for(cumulative, 1.0) == 10
