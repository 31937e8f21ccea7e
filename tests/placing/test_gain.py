"""Texts that are likelier under a new model than its KL to a known one explains."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelmap.placing.answer import _out_of_line
from modelmap.placing.gain import gain_beyond_kl, largest_usual

N_TEXTS, N_SEGMENTS = 40, 30
FIRST = np.arange(0, N_TEXTS * N_SEGMENTS, N_SEGMENTS)


def drawn(weight: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return log-likelihoods under two models of segments that are drawn from a mixture of both.

    A segment is one of six words; `weight` is that of the first model in the mixture.
    """
    rng = np.random.default_rng(seed)
    one, other = rng.dirichlet(np.full(6, 2.0), size=2)
    words = rng.choice(6, size=len(FIRST) * N_SEGMENTS, p=weight * one + (1 - weight) * other)
    return np.log(one[words]).astype(np.float32), np.log(other[words]).astype(np.float32)


def test_the_statistic_of_two_texts_by_hand() -> None:
    """Excesses of 2 (1 - tanh 1) and 0: their mean is as large as its standard error."""
    new = np.array([-1.0, -3.0, np.nan], dtype=np.float32)
    known = np.array([-3.0, -3.0, -5.0], dtype=np.float32)
    assert gain_beyond_kl(new, known, np.array([0, 1])) == pytest.approx(1)
    assert gain_beyond_kl(known, known, np.array([0, 1])) == 0


@given(st.integers(0, 10_000))
def test_texts_of_the_mixture_have_no_larger_gain_than_the_kl(seed: int) -> None:
    """Neither of the two models is far above the limit, whichever is the new one."""
    one, other = drawn(0.5, seed)
    assert gain_beyond_kl(one, other, FIRST) < largest_usual(N_TEXTS) + 3
    assert gain_beyond_kl(other, one, FIRST) < largest_usual(N_TEXTS) + 3


def test_a_model_that_has_learnt_the_texts_by_heart_is_told() -> None:
    """Every segment is half a nat likelier, whatever it is; a small change of both signs is not."""
    chances = np.random.default_rng(1).uniform(0.01, 1, len(FIRST) * N_SEGMENTS)
    known = np.log(chances).astype(np.float32)
    noise = np.random.default_rng(2).normal(0, 0.5, len(known)).astype(np.float32)
    learnt = (known + 0.5 + noise / 4).astype(np.float32)
    (told,) = _out_of_line(learnt, known, FIRST, "near")
    assert told.startswith("likelihood out of line: the texts are likelier than under near")
    assert _out_of_line(known + noise, known, FIRST, "near") == []
