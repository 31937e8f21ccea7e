"""Scores that are no numbers are told with what to do."""

import numpy as np
import pandas as pd
import pytest

from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.score.finite import check_finite

SPEC = ModelSpec(name="org/m", source="hub", location="org/m", family="m", kind="base")
ADVICE = {
    "float16": "the largest float16 is 65,504: set dtype bfloat16 or float32 in conf/models",
    "bfloat16": "set dtype float32 in conf/models",
    "float32": "the model's weights are damaged, or it cannot process these texts",
}


def scores(bad: dict[int, float], n_texts: int = 12) -> pd.DataFrame:
    """Return scores of texts 100, 101, ..., those in `bad` replaced."""
    loglik = -np.arange(1.0, n_texts + 1)
    for row, value in bad.items():
        loglik[row] = value
    return pd.DataFrame({"text_id": 100 + np.arange(n_texts), "loglik_nats": loglik})


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ADVICE)
def test_model_dtype_texts_and_a_dtype_to_try_are_named(dtype: str, value: float) -> None:
    """NaN and both infinities are told in one line, with another dtype where one is wider."""
    spec = SPEC.model_copy(update={"dtype": dtype})
    with pytest.raises(UserError) as caught:
        check_finite(scores({3: value, 7: value}), spec)
    message = (
        f"model org/m: log-likelihoods are not finite in {dtype} on texts 103, 107; {ADVICE[dtype]}"
    )
    assert str(caught.value) == message


def test_many_bad_texts_are_counted() -> None:
    """The first five are named."""
    with pytest.raises(UserError, match="on texts 100, 101, 102, 103, 104 and 7 more; "):
        check_finite(scores(dict.fromkeys(range(12), np.nan)), SPEC)


def test_finite_scores_pass_however_low() -> None:
    """A very low score is a score, and so is the 0 of a text with nothing to score."""
    frame = scores({0: -1e30, 1: 0.0})
    check_finite(frame, SPEC)
    pd.testing.assert_frame_equal(frame, scores({0: -1e30, 1: 0.0}))
