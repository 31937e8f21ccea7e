"""How often the intervals of bits per byte hold."""

import numpy as np

from modelmap.studies.place_eval.bits import bits_coverage

N_TEXTS = 400


def test_intervals_of_texts_of_one_kind_hold_as_often_as_they_say() -> None:
    """Normal log-likelihoods, independent for each model."""
    rng = np.random.default_rng(0)
    n_bytes = rng.integers(800, 1000, N_TEXTS)
    loglik_nats = -n_bytes * (1 + 0.1 * rng.standard_normal((4, N_TEXTS)))
    found = bits_coverage(loglik_nats, n_bytes, [4, 16], seed=1)
    assert list(found) == ["4_texts", "16_texts"]
    # 800 intervals: two standard errors are 1.5%.
    assert all(0.92 <= share <= 0.98 for share in found.values())
    assert found == bits_coverage(loglik_nats, n_bytes, [4, 16], seed=1)


def test_intervals_fail_where_one_text_rules() -> None:
    """The text that makes most of the sum is seldom in a small sample."""
    n_bytes = np.full(N_TEXTS, 900)
    loglik_nats = -900.0 - np.arange(N_TEXTS, dtype=np.float64)[None] % 7
    loglik_nats[0, 0] = -1e6
    assert bits_coverage(loglik_nats, n_bytes, [8], seed=1)["8_texts"] < 0.1
