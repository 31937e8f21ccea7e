"""Drawn strings and the log-likelihoods of their segments, by hand and against whole texts."""

import numpy as np
import pytest
from helpers.tiny_models import TEXTS, tiny_model, tiny_tokenizer

from modelmap.plumbing.errors import UserError
from modelmap.score.loglik import log_likelihoods
from modelmap.studies.kl_truth.drawn import (
    ScoredTokens,
    continuations,
    drawn_sums,
    encoded,
    scored_tokens,
    segment_logliks,
)
from modelmap.texts.segments import segments


def test_strings_are_what_follows_the_prefix() -> None:
    """Characters cut at the end are left out, and others become U+FFFD."""
    tokenizer = tiny_tokenizer(add_bos=True)
    prefix = encoded(tokenizer, ["In the"])[0].ids
    rest = tokenizer(" beginning", add_special_tokens=False)["input_ids"]
    # The first byte of a character of three.
    cut = tokenizer("東", add_special_tokens=False)["input_ids"][:1]
    found = continuations(tokenizer, prefix, [[*prefix, *rest, *cut], [*prefix, *cut, *rest]])
    assert found == [" beginning", "\ufffd beginning"]


def test_segments_after_a_prefix_by_hand() -> None:
    """Tokens "ab", "c d", "e" of -3, -6 and -1 nats; after "ab" the segments are "c" and " de"."""
    tokens = [ScoredTokens(np.array([-3.0, -6.0, -1.0]), np.array([0, 2, 5, 6]))]
    assert segment_logliks(tokens, ["ab"], ["c de"])[0].tolist() == [-2.0, -5.0]
    # After "a" the first token is shared by both, half of it to "b".
    assert segment_logliks(tokens, ["a"], ["bc de"])[0].tolist() == [-3.5, -5.0]


@pytest.mark.parametrize("add_bos", [True, False])
def test_segments_of_whole_texts_add_up_to_their_log_likelihoods(add_bos: bool) -> None:
    """With BOS or EOS before each text, whatever the tokenizer does by itself."""
    tokenizer, model = tiny_tokenizer(add_bos), tiny_model("llama")
    texts = encoded(tokenizer, TEXTS)
    found = segment_logliks(scored_tokens(model, texts), [""] * len(TEXTS), TEXTS)
    assert [len(one) for one in found] == [len(segments(text)) for text in TEXTS]
    whole = log_likelihoods(model, [one.ids for one in texts], 256)
    np.testing.assert_allclose([one.sum() for one in found], whole, rtol=1e-5)


def test_texts_that_a_model_cannot_read_are_told() -> None:
    """Their number and the model's limit."""
    tokenizer, model = tiny_tokenizer(add_bos=True), tiny_model("llama")
    texts = encoded(tokenizer, ["a b c " * 200, "a"])
    with pytest.raises(UserError, match=r"^kl_truth: 1 of 2 texts have more than the 256 tokens"):
        scored_tokens(model, texts)


def test_sums_over_drawn_strings_by_hand() -> None:
    """Differences 2 and -1 of one string: 1 in sum, 2 tanh 1 + tanh .5 by the mixture."""
    own = [np.array([-1.0, -3.0], dtype=np.float32)]
    other = [np.array([-3.0, -2.0], dtype=np.float32)]
    sums = drawn_sums(["é b"], np.full((2, 1), 7.0), own, [own, other])
    assert sums.n_bytes.tolist() == [4.0]
    assert sums.token_kl.tolist() == [[7.0], [7.0]]
    assert sums.log_ratio.tolist() == [[0.0], [1.0]]
    wanted = 2 * np.tanh(1.0) + np.tanh(0.5)
    np.testing.assert_allclose(sums.mixture, [[0.0], [wanted]], rtol=1e-6)
