from itertools import combinations

import numpy as np
import pytest
from helpers.matrices import made_up
from hypothesis import given
from hypothesis import strategies as st

from modelmap.divergence.kl import squared_distances
from modelmap.divergence.neighbours import sampled_pairs
from modelmap.matrix.clip_centre import double_centred
from modelmap.plan.design_variance import (
    distance_variances,
    estimated_variances,
    predicted_error,
)
from modelmap.plumbing.arrays import Indices
from modelmap.resample.designs import (
    horvitz_thompson,
    inclusion_probabilities,
    pivotal_sample,
    sample_sizes,
    sequential_order,
)
from modelmap.resample.errors import relative_error
from modelmap.resample.estimate import UniqueTexts, weighted_coordinates
from modelmap.resample.methods import relative_size

sizes_of_texts = st.lists(st.floats(0.01, 100), min_size=2, max_size=40).map(np.array)


@given(sizes_of_texts, st.data())
def test_inclusion_probabilities_are_capped_proportional_and_sum_to_d(
    size: np.ndarray, data: st.DataObject
) -> None:
    """They sum to d, none passes 1, and those below 1 are proportional to size."""
    chosen = data.draw(st.integers(1, len(size)))
    pi = inclusion_probabilities(size, chosen)
    assert pi.sum() == pytest.approx(chosen)
    assert ((pi > 0) & (pi <= 1)).all()
    ratio = (pi / size)[pi < 1 - 1e-9]
    assert np.allclose(ratio, ratio[:1])
    if len(ratio):
        assert (size[pi >= 1 - 1e-9] * ratio[0] >= 1 - 1e-6).all()


def test_inclusion_probabilities_by_hand() -> None:
    """Sizes 6, 1, 1, 2 and d = 2: the first is sure, the rest share one place."""
    assert inclusion_probabilities(np.array([6.0, 1, 1, 2]), 2).tolist() == [1, 0.25, 0.25, 0.5]


def test_texts_of_size_0_share_what_all_others_leave() -> None:
    """Sizes 1, 1, 0, 0: two texts are the first two, a third is each of the others equally."""
    size = np.array([1.0, 1.0, 0.0, 0.0])
    assert inclusion_probabilities(size, 2).tolist() == [1, 1, 0, 0]
    assert inclusion_probabilities(size, 3).tolist() == [1, 1, 0.5, 0.5]
    assert inclusion_probabilities(size, 4).tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("n_chosen", [0, 4])
def test_fewer_than_one_text_and_more_than_all_are_refused(n_chosen: int) -> None:
    """There are three, of which one has size 0."""
    with pytest.raises(ValueError, match=f"cannot choose {n_chosen} of 3 texts"):
        inclusion_probabilities(np.array([1.0, 1.0, 0.0]), n_chosen)


def test_few_texts_give_several_shares_the_same_size() -> None:
    """Of 3 texts, .1 and .6 are 2 texts; of 40, they are 4 and 24."""
    assert sample_sizes([0.1, 0.6], 3) == {0.1: 2, 0.6: 2}
    assert sample_sizes([0.1, 0.6], 40) == {0.1: 4, 0.6: 24}


def test_texts_that_are_never_chosen_add_no_variance() -> None:
    """All models agree on a text of size 0, so leaving it out changes nothing."""
    q = double_centred(np.array([[-10.0, 10, 3, 0], [10, -10, -3, 0], [0, 0, 0, 0]]))
    q[:, 3] = 0
    pi = inclusion_probabilities(np.array([2.0, 2, 1, 0]), 2)
    expected = distance_variances(q[:, :3], pi[:3])
    np.testing.assert_allclose(distance_variances(q, pi), expected)
    assert expected.max() > 0


@given(sizes_of_texts, st.integers(0, 1000), st.data())
def test_the_pivotal_method_chooses_exactly_d(
    size: np.ndarray, seed: int, data: st.DataObject
) -> None:
    """The number chosen never varies, and sure texts are always among them."""
    chosen = data.draw(st.integers(1, len(size)))
    pi = inclusion_probabilities(size, chosen)
    sample = pivotal_sample(pi, np.random.default_rng(seed))
    assert len(sample) == len(set(sample.tolist())) == chosen
    assert set(np.flatnonzero(pi >= 1)) <= set(sample.tolist())


def test_the_pivotal_methods_inclusion_probabilities_are_exact() -> None:
    """In 20,000 samples each text is chosen as often as it should be, within 4 standard errors."""
    pi = inclusion_probabilities(np.array([1.0, 2, 3, 4, 5, 9]), 3)
    rng = np.random.default_rng(0)
    counts = np.zeros(6)
    for _ in range(20_000):
        counts[pivotal_sample(pi, rng)] += 1
    error = np.sqrt(pi * (1 - pi) / 20_000)
    assert (np.abs(counts / 20_000 - pi) <= 4 * error + 1e-12).all()


def test_the_sequential_order_ranks_by_random_number_over_size() -> None:
    """0.5 / 1, 0.6 / 3, 0.1 / 0.1: the second comes first, then the first."""
    order = sequential_order(np.array([1.0, 3.0, 0.1, 0.0]), np.array([0.5, 0.6, 0.1, 0.0]))
    assert order.tolist() == [1, 0, 2, 3]


def test_sequential_sampling_keeps_close_to_its_probabilities() -> None:
    """Over 5,000 orders of 60 texts inclusion is off by less than .01 on average.

    It is an approximation: a text that is nearly sure to be chosen may be off by more.
    """
    rng = np.random.default_rng(3)
    size = rng.lognormal(0, 0.7, 60)
    pi = inclusion_probabilities(size, 20)
    counts = np.zeros(60)
    for _ in range(5000):
        counts[sequential_order(size, rng.random(60))[:20]] += 1
    assert np.abs(counts / 5000 - pi).mean() < 0.01


def test_equal_sizes_give_simple_random_samples() -> None:
    """All 6 pairs of 4 texts come up equally often, within 4 standard errors."""
    rng = np.random.default_rng(5)
    seen = dict.fromkeys(combinations(range(4), 2), 0)
    for _ in range(6000):
        seen[tuple(sorted(sequential_order(np.ones(4), rng.random(4))[:2].tolist()))] += 1
    assert max(abs(n - 1000) for n in seen.values()) < 4 * np.sqrt(6000 * (1 / 6) * (5 / 6))


def test_all_texts_give_no_error() -> None:
    """At d = N every probability is 1 and the distances are exact, unlike with replacement."""
    q = double_centred(made_up(5, 20))
    full = squared_distances(q)
    pi = inclusion_probabilities(relative_size(q, full), 20)
    sample = horvitz_thompson(pivotal_sample(pi, np.random.default_rng(0)), pi)
    assert relative_error(squared_distances(weighted_coordinates(q, sample)), full) < 1e-12
    assert predicted_error(q, full, pi) == 0


def test_horvitz_thompson_sums_are_unbiased() -> None:
    """Enumerated for simple random samples: the mean over all of them is the sum over all texts."""
    values = np.array([1.0, 5.0, 2.0, 9.0, 4.0])
    pi = np.full(5, 2 / 5)
    samples = [horvitz_thompson(np.array(pair), pi) for pair in combinations(range(5), 2)]
    sums = [(sample.squared_weights * values[sample.texts]).sum() for sample in samples]
    assert np.mean(sums) == pytest.approx(values.sum())


def test_the_relative_size_by_direct_definition() -> None:
    """sqrt(sum_ij ((q_is - q_js)^2 / max(G_ij, 1e-3))^2) over pairs that differ."""
    q = double_centred(made_up(6, 15))
    full = squared_distances(q)
    direct = np.zeros(15)
    for i in range(6):
        for j in range(6):
            if i != j:
                direct += ((q[i] - q[j]) ** 2 / max(full[i, j], 1e-3)) ** 2
    assert np.allclose(relative_size(q, full), np.sqrt(direct))


def nearly_identical() -> np.ndarray:
    """Return Q of models that differ by hundreds of nats, but models 0 to 2 by 1e-4 or less."""
    loglik = 40 * made_up(30, 800)
    loglik[1] = loglik[0]
    loglik[2] = loglik[0] + 1e-4 * np.random.default_rng(1).standard_normal(800)
    return double_centred(loglik)


def test_nearly_identical_models_leave_the_relative_size_exact() -> None:
    """Their large weights do not multiply rounding errors of the other models' magnitude."""
    q = nearly_identical()
    full = squared_distances(q)
    direct = np.zeros(800)
    for i, j in combinations(range(30), 2):
        direct += 2 * ((q[i] - q[j]) ** 2 / max(full[i, j], 1e-3)) ** 2
    np.testing.assert_allclose(relative_size(q, full), np.sqrt(direct), rtol=1e-3)


def test_nearly_identical_models_leave_the_predicted_error_exact() -> None:
    """The variance of each pair is that of its own differences, divided by its own distance."""
    q = nearly_identical()
    full = squared_distances(q)
    squares = 0.0
    for i, j in combinations(range(30), 2):
        variance = 800**2 * (1 - 200 / 800) * np.square(q[i] - q[j]).var(ddof=1) / 200
        squares += 2 * variance / max(full[i, j], 1e-3) ** 2
    error = predicted_error(q, full, np.full(800, 200 / 800))
    assert error == pytest.approx(np.sqrt(squares / 900), rel=1e-3)


def test_variances_by_direct_definition() -> None:
    """Hajek's approximation, pair by pair and text by text, in sure texts' absence."""
    q = double_centred(made_up(4, 30))
    pi = inclusion_probabilities(relative_size(q, squared_distances(q)), 14)
    variances = distance_variances(q, pi)
    inside = pi < 1
    p = pi[inside]
    for i, j in [(0, 1), (2, 3), (1, 1)]:
        y = ((q[i] - q[j]) ** 2)[inside]
        centre = ((1 - p) * y).sum() / (p * (1 - p)).sum()
        direct = (p * (1 - p) * (y / p - centre) ** 2).sum() * len(p) / (len(p) - 1)
        assert variances[i, j] == pytest.approx(direct)


def test_simple_random_samplings_variance_is_the_textbooks() -> None:
    """Equal probabilities: N^2 (1 - f) s^2 / n, as in every book."""
    q = double_centred(made_up(3, 25))
    y = (q[0] - q[2]) ** 2
    expected = 25**2 * (1 - 10 / 25) * y.var(ddof=1) / 10
    assert distance_variances(q, np.full(25, 0.4))[0, 2] == pytest.approx(expected)


def both(pairs: Indices) -> tuple[Indices, Indices]:
    """Return the first and the second models of pairs."""
    return pairs[:, 0], pairs[:, 1]


def test_variances_and_their_estimates_fit_the_spread_of_many_samples() -> None:
    """Over 2,000 pivotal samples, for the median pair, within a tenth."""
    q = double_centred(made_up(8, 150))
    full = squared_distances(q)
    pi = inclusion_probabilities(relative_size(q, full), 60)
    rng = np.random.default_rng(2)
    pairs = both(sampled_pairs(8, 100, rng))
    estimates, variances = [], []
    for _ in range(2000):
        sample = horvitz_thompson(pivotal_sample(pi, rng), pi)
        estimates.append(squared_distances(weighted_coordinates(q, sample))[pairs])
        variances.append(estimated_variances(q, sample, pairs))
    spread = np.var(estimates, axis=0)
    assert np.median(distance_variances(q, pi)[pairs] / spread) == pytest.approx(1, abs=0.1)
    assert np.median(np.mean(variances, axis=0) / spread) == pytest.approx(1, abs=0.1)


def test_an_estimated_variance_reads_the_samples_texts_alone() -> None:
    """Log-likelihoods of texts that were not drawn may be anything."""
    loglik = made_up(5, 20)
    sample = UniqueTexts(np.array([1, 4, 9, 16]), np.array([2.0, 5.0, 3.0, 1.5]))
    pairs = both(sampled_pairs(5, 100, np.random.default_rng(0)))
    before = estimated_variances(loglik, sample, pairs)
    others = np.setdiff1d(np.arange(20), sample.texts)
    loglik[:, others] = np.nan
    assert np.array_equal(estimated_variances(loglik, sample, pairs), before)
