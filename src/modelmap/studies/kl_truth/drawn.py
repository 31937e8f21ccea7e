"""Texts drawn from one model, and how far other models are from it on them (ours)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from modelmap.divergence.mixture import Floats, mixture_terms
from modelmap.models.load import maximum_length
from modelmap.plumbing.arrays import Indices, Matrix, Vector
from modelmap.plumbing.errors import UserError
from modelmap.score.loglik import token_log_likelihoods
from modelmap.score.rule import Encoded, encode_texts
from modelmap.score.segment_sums import segment_sums
from modelmap.texts.segments import segment_bounds

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

BATCH_TOKENS = 1024
NEVER_CUT = 1 << 30
"""A number of tokens that no text has."""


@dataclass(frozen=True)
class Drawn:
    """Sums over each of T texts drawn from one model, for K models j, in nats."""

    n_bytes: Vector
    """UTF-8 bytes of the texts, shape (T,)."""
    token_kl: Matrix
    """KL of the next-token distributions along the drawn tokens, shape (K, T); NaN for models of
    another tokenizer."""
    log_ratio: Matrix
    """Log-likelihood of the string less that under model j, shape (K, T)."""
    mixture: Matrix
    """The terms of the mixture estimate, added up over the segments of the string, shape (K, T)."""


@dataclass(frozen=True)
class ScoredTokens:
    """The tokens of one text: log-likelihoods in nats, and bytes up to their ends.

    `ends` begins with that of the prefix token, which is 0.
    """

    logliks: np.ndarray
    ends: np.ndarray


def continuations(
    tokenizer: "PreTrainedTokenizerBase", prefix: Sequence[int], sequences: Sequence[Sequence[int]]
) -> list[str]:
    """Return the strings of token sequences, without that of the `prefix` that all begin with.

    Bytes that are no characters become U+FFFD, except at the end, where a character may have been
    cut: there they are left out.
    """
    # Decoded as a whole, because some tokenizers drop a space before the first token.
    n_before = len(_decoded(tokenizer, prefix))
    return [_decoded(tokenizer, ids)[n_before:].rstrip("\ufffd") for ids in sequences]


def _decoded(tokenizer: "PreTrainedTokenizerBase", ids: Sequence[int]) -> str:
    # All sequences begin with BOS or EOS, which is not part of the text.
    text: str = tokenizer.decode(
        list(ids[1:]), skip_special_tokens=False, clean_up_tokenization_spaces=False
    )
    return text


def encoded(tokenizer: "PreTrainedTokenizerBase", texts: Sequence[str]) -> list[Encoded]:
    """Return the token ids of each text, with BOS or EOS before it, so that all of it is scored."""
    return encode_texts(tokenizer, texts, "prefixed", NEVER_CUT)


def scored_tokens(model: "PreTrainedModel", texts: Sequence[Encoded]) -> list[ScoredTokens]:
    """Return the tokens of each text under a model.

    Raises UserError if a text has more tokens than the model reads.
    """
    limit = maximum_length(model.config, None)
    n_long = sum(len(one.ids) > limit for one in texts)
    if n_long:
        raise UserError(
            f"kl_truth: {n_long} of {len(texts)} texts have more than the {limit} tokens that a "
            "model reads: give the zoo a larger max_length"
        )
    found = token_log_likelihoods(model, [one.ids for one in texts], BATCH_TOKENS)
    return [
        ScoredTokens(logliks, np.asarray(one.ends))
        for logliks, one in zip(found.tokens, texts, strict=True)
    ]


def segment_logliks(
    tokens: Sequence[ScoredTokens], prefixes: Sequence[str], strings: Sequence[str]
) -> list[Floats]:
    """Return the log-likelihoods of the segments of each string, given its prefix, in nats.

    `tokens` are those of prefix and string together. A token that belongs to both is divided by
    its bytes.
    """
    return [
        segment_sums(one.logliks, one.ends, _bounds(prefix, string))[1:]
        for one, prefix, string in zip(tokens, prefixes, strings, strict=True)
    ]


def _bounds(prefix: str, string: str) -> Indices:
    """Return the bytes at which the prefix and each segment of the string begin, and the end."""
    bounds = segment_bounds(string) + len(prefix.encode())
    return np.concatenate([[0], bounds]).astype(np.int64)


def drawn_sums(
    strings: Sequence[str],
    token_kl: Matrix,
    own: Sequence[Floats],
    others: Sequence[Sequence[Floats]],
) -> Drawn:
    """Return the sums over strings drawn from a model.

    `own` and `others` are the log-likelihoods of their segments under that model, and under the K
    others: one array for each string.
    """
    deltas = [[a - b for a, b in zip(own, other, strict=True)] for other in others]
    return Drawn(
        np.array([len(string.encode()) for string in strings], dtype=float),
        token_kl,
        np.array([[delta.sum(dtype=float) for delta in row] for row in deltas]),
        np.array([[mixture_terms(one).sum(dtype=float) for one in row] for row in deltas]),
    )
