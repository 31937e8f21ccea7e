import numpy as np
import pytest
from helpers.matrices import made_up
from hypothesis import given
from hypothesis import strategies as st

from modelmap.matrix.clip_centre import double_centred
from modelmap.plumbing.errors import UserError
from modelmap.resample.methods import PAPERS, kl_size, length_squared_size, probabilities


@given(st.integers(2, 12), st.integers(2, 30), st.integers(0, 1000))
def test_both_forms_of_the_kl_weight_are_equal(n_models: int, n_texts: int, seed: int) -> None:
    """sqrt(2 K S4 + 6 S2^2 - 8 S1 S3) is sqrt(sum_ij (q_is - q_js)^4)."""
    q = double_centred(made_up(n_models, n_texts, seed))
    pairs = q[:, None, :] - q[None, :, :]
    direct = np.sqrt((pairs**4).sum(axis=(0, 1)))
    assert np.allclose(kl_size(q), direct, rtol=1e-6, atol=1e-6 * direct.max())


def test_the_kl_weight_of_rows_that_are_not_centred_is_the_same() -> None:
    """Power sums about any point give the same sum over pairs."""
    q = made_up(6, 9)
    assert np.allclose(kl_size(q), kl_size(q - q.mean(axis=0)), rtol=1e-3)


def test_length_squared_is_k_times_the_variance_over_models() -> None:
    """EMNLP 2025: the size measure of a text is the variance of its log-likelihoods."""
    q = double_centred(made_up(5, 20))
    assert np.allclose(length_squared_size(q), 5 * q.var(axis=0))


def test_probabilities_by_hand() -> None:
    """Two models at +1, -1 on one text and +3, -3 on the other: 1/10 and 9/10 both ways."""
    q = np.array([[1.0, 3.0], [-1.0, -3.0]])
    assert probabilities("uniform", q).tolist() == [0.5, 0.5]
    assert np.allclose(probabilities("ls", q), [0.1, 0.9])
    assert np.allclose(probabilities("kl", q), [0.1, 0.9])


@pytest.mark.parametrize("method", PAPERS)
def test_probabilities_sum_to_one(method: str) -> None:
    """They are not negative and sum to 1."""
    pi = probabilities(method, double_centred(made_up(7, 40)))
    assert pi.sum() == pytest.approx(1)
    assert (pi >= 0).all()


def test_models_that_agree_everywhere_cannot_be_resampled() -> None:
    """No text tells equal models apart: one line says so."""
    with pytest.raises(UserError, match="nothing to resample"):
        probabilities("ls", np.zeros((3, 4)))
