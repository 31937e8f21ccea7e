"""Sampled texts and sums over tokens, against the enumeration of all texts of tiny models."""

from collections import Counter
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import chisquare

from modelmap.score.loglik import log_likelihoods
from modelmap.studies.kl_truth.comparison import mean_error
from modelmap.studies.kl_truth.sample_texts import kl_along_texts, sampled_texts
from modelmap.zoo.architectures import untrained_model
from modelmap.zoo.settings import Architecture, Shape

if TYPE_CHECKING:
    from transformers import PreTrainedModel

ARCHITECTURES: tuple[Architecture, ...] = ("llama", "gpt2", "gpt_neox", "qwen3")
VOCABULARY, LENGTH, PREFIX = 5, 3, 0
SHAPE = Shape(hidden_size=16, n_layers=2, n_heads=2, max_length=32)
ALL_TEXTS = [[PREFIX, *ids] for ids in product(range(VOCABULARY), repeat=LENGTH)]


@lru_cache
def tiny(architecture: Architecture, place: int) -> "PreTrainedModel":
    """Return a model of five tokens whose every weight is a fixed function of its place."""
    import torch

    model = untrained_model(architecture, SHAPE, VOCABULARY, seed=0)
    with torch.no_grad():
        for number, (name, weight) in enumerate(sorted(model.named_parameters())):
            wave = torch.sin(torch.arange(weight.numel(), dtype=torch.float64) * 1.7 + number)
            centre = 1.0 if weight.ndim == 1 and "bias" not in name else 0.0
            scale = 0.25 + 0.05 * place
            weight.copy_((centre + scale * wave).reshape(weight.shape))
    return model.eval()


def pair() -> list["PreTrainedModel"]:
    """Return two models that differ in architecture and weights."""
    return [tiny("llama", 0), tiny("gpt2", 1)]


def exact_kl(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    """Return the KL between two models from the log-likelihoods of all texts."""
    return float((np.exp(p) * (p - q)).sum())


def test_the_expected_sum_is_the_divergence_by_enumeration() -> None:
    """Over all 125 texts, weighted by p_i, both ways: no sampling is in this."""
    models = pair()
    loglik = np.array([log_likelihoods(model, ALL_TEXTS, 64) for model in models])
    np.testing.assert_allclose(np.exp(loglik).sum(axis=1), 1.0, rtol=1e-5)
    sums = kl_along_texts(models, [0, 1], ALL_TEXTS)
    for i, j in ((0, 1), (1, 0)):
        expected = float(np.exp(loglik[i]) @ sums[i, j])
        assert expected == pytest.approx(exact_kl(loglik[i], loglik[j]), rel=1e-4)
        assert expected > 0.05


@pytest.mark.parametrize("source", [0, 1])
def test_sampled_texts_give_the_divergence_within_their_error(source: int) -> None:
    """400 texts: within 4 standard errors, and nearer than the plain log-ratio's error allows."""
    models, other = pair(), 1 - source
    drawn = sampled_texts(models[source], [PREFIX], [LENGTH] * 400, seed=7)
    sums = kl_along_texts(models, [source], drawn)[0, other]
    full = [log_likelihoods(model, ALL_TEXTS, 64) for model in models]
    truth = exact_kl(full[source], full[other])
    assert abs(sums.mean() - truth) < 4 * mean_error(sums)
    own = [log_likelihoods(model, drawn, 64) for model in models]
    log_ratio = own[source] - own[other]
    assert abs(log_ratio.mean() - truth) < 4 * mean_error(log_ratio)
    assert mean_error(sums) < mean_error(log_ratio) / 2


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_texts_are_drawn_as_often_as_they_are_likely(architecture: Architecture) -> None:
    """2,000 texts of two tokens against their 25 probabilities: the cache gives the same model."""
    model = tiny(architecture, 0)
    texts = [[PREFIX, *ids] for ids in product(range(VOCABULARY), repeat=2)]
    likely = np.exp(log_likelihoods(model, texts, 64))
    # Some rows end a token before the others do.
    drawn = sampled_texts(model, [PREFIX], [1, 2, 2, 2, 2] * 500, seed=3)
    counted = Counter(tuple(text) for text in drawn if len(text) == 3)
    found = [counted[tuple(text)] for text in texts]
    assert chisquare(found, 2000 * likely / likely.sum()).pvalue > 0.001


def test_a_model_is_at_zero_from_itself_and_never_below_from_another() -> None:
    """Exactly zero to itself; to others every text's sum is above zero."""
    sums = kl_along_texts(pair(), [0, 1], ALL_TEXTS)
    assert (sums[[0, 1], [0, 1]] == 0).all()
    assert (sums[[0, 1], [1, 0]] > 0).all()


def test_what_follows_a_longer_prefix_is_as_likely_as_after_it() -> None:
    """2,000 tokens after three given ones against their five probabilities."""
    model, prefix = tiny("gpt2", 0), [PREFIX, 3, 1]
    texts = [[*prefix, last] for last in range(VOCABULARY)]
    likely = np.exp(log_likelihoods(model, texts, 64) - log_likelihoods(model, [prefix], 64))
    drawn = sampled_texts(model, prefix, [1] * 2000, seed=3)
    assert {tuple(text[:3]) for text in drawn} == {tuple(prefix)}
    counted = Counter(text[3] for text in drawn)
    found = [counted[last] for last in range(VOCABULARY)]
    assert chisquare(found, 2000 * likely / likely.sum()).pvalue > 0.001


def test_lengths_and_their_order_are_those_asked_for() -> None:
    """Each text has the prefix and its own number of tokens, which may be none."""
    lengths = [3, 0, 7, 1, 7, 2]
    drawn = sampled_texts(tiny("llama", 0), [PREFIX], lengths, seed=1)
    assert [len(text) - 1 for text in drawn] == lengths
    assert {text[0] for text in drawn} == {PREFIX}
    assert kl_along_texts(pair(), [0], drawn)[0, 1, 1] == 0


def test_the_same_seed_draws_the_same_texts() -> None:
    """And another seed others."""
    model = tiny("gpt2", 0)
    first, again, other = (sampled_texts(model, [PREFIX], [20] * 4, seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_padding_and_company_change_no_sum() -> None:
    """Texts of other lengths beside it leave a text's sums as they are alone, but for rounding."""
    models = pair()
    texts = [[0, 1, 2, 3, 4, 4, 1], [0, 3], [0, 2, 2, 1]]
    together = kl_along_texts(models, [0, 1], texts)
    for place, text in enumerate(texts):
        alone = kl_along_texts(models, [0, 1], [text])
        np.testing.assert_allclose(together[:, :, place], alone[:, :, 0], atol=1e-5)
