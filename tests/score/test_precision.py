"""The log-softmax is float32 and the sum float64, whatever the model computes in."""

import math
from dataclasses import dataclass
from itertools import pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from helpers.model_kinds import TOLERANCE_NATS

from modelmap.score.loglik import log_likelihoods

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


@dataclass
class Table:
    """A model whose logits are the rows of a table: each token depends on the one before."""

    logits: "torch.Tensor"

    @property
    def device(self) -> "torch.device":
        return self.logits.device

    def get_decoder(self) -> "Table":
        return self

    def __call__(self, input_ids: "torch.Tensor", **_: object) -> SimpleNamespace:
        return SimpleNamespace(logits=self.logits[input_ids])


def table_model(dtype: str, vocabulary: int) -> "PreTrainedModel":
    """Return a table of drawn logits, most within 16 of 0."""
    import torch

    drawn = 8 * np.random.default_rng(0).standard_normal((vocabulary, vocabulary))
    return cast(Any, Table(torch.tensor(drawn).to(getattr(torch, dtype))))


def chain(vocabulary: int, length: int) -> tuple[int, ...]:
    """Return drawn ids."""
    return tuple(np.random.default_rng(1).integers(0, vocabulary, length).tolist())


def token_logprobs(model: Any, ids: tuple[int, ...], dtype: str) -> np.ndarray:
    """Return log p of each scored token, its log-softmax computed in `dtype`; shape (T - 1,)."""
    import torch

    rows = torch.log_softmax(model.logits.to(getattr(torch, dtype)), dim=1)
    found: np.ndarray = rows[list(ids[:-1]), list(ids[1:])].double().numpy()
    return found


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_logits_get_a_float32_log_softmax(dtype: str) -> None:
    """The score is that of the logits in float64; a half-precision log-softmax is nats away."""
    model, ids = table_model(dtype, 300), chain(300, 1000)
    exact = math.fsum(token_logprobs(model, ids, "float64"))
    (score,) = log_likelihoods(model, [ids], 4096)
    assert abs(score - exact) < TOLERANCE_NATS["float32"]
    assert abs(math.fsum(token_logprobs(model, ids, dtype)) - exact) > 0.1


def test_tokens_are_summed_in_float64() -> None:
    """Of 50,000 tokens the sum is exact to 10^-6 nats; a float32 sum is 0.01 away or more."""
    model, ids = table_model("float32", 4), chain(4, 50_000)
    # The table knows one token before: the score of a pair alone is what it adds to the text.
    pairs = sorted(set(pairwise(ids)))
    alone = dict(zip(pairs, log_likelihoods(model, pairs, 1), strict=True))
    logprobs = np.array([alone[pair] for pair in pairwise(ids)])
    (score,) = log_likelihoods(model, [ids], 1)
    assert score.dtype == np.float64
    assert abs(score - math.fsum(logprobs)) < 1e-6
    one_by_one = np.cumsum(logprobs.astype(np.float32), dtype=np.float32)[-1]
    assert abs(float(one_by_one) - math.fsum(logprobs)) > 0.01


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_logit_that_is_no_number_stays_with_its_text(bad: float) -> None:
    """NaN or infinity in the logits makes the score of that text not finite, and no other's."""
    model = cast(Any, table_model("float32", 8))
    model.logits[5, 2] = bad
    scores = log_likelihoods(model, [(1, 5, 3), (1, 2, 3, 4), (1, 3, 5)], 4096)
    assert np.isfinite(scores).tolist() == [False, True, True]


def test_a_token_that_is_ruled_out_gives_minus_infinity_where_it_stands_only() -> None:
    """A logit of minus infinity is a probability of 0: texts without that token stay finite."""
    model = cast(Any, table_model("float32", 8))
    model.logits[5, 2] = -math.inf
    scores = log_likelihoods(model, [(5, 2), (5, 3), (1, 5)], 4096)
    assert scores[0] == -math.inf
    assert np.isfinite(scores[1:]).all()
