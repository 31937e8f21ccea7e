"""Parts of the tokenizer of a GGUF file that transformers does not read."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

PRE = "tokenizer.ggml.pre"
DIGITS_FIRST = ("smollm",)
"""Values of PRE whose tokenizers divide a text at every digit before anything else."""
TOKENS, TYPES = "tokenizer.ggml.tokens", "tokenizer.ggml.token_type"
# The type of tokens that are found in a text before all others, by the number that the format gives
# it.
USER_DEFINED = 4
# How SentencePiece writes a space inside of tokens.
SPACE = "▁"


def mend_tokenizer(tokenizer: "PreTrainedTokenizerBase", header: Mapping[str, Any]) -> None:
    """Add to a tokenizer that transformers read from a GGUF file what it left out there.

    `header` has the values in the header of the file, by key.
    """
    tokens, types = header.get(TOKENS, []), header.get(TYPES, [])
    if len(tokens) == len(types):
        add_runs_of_spaces(tokenizer, tokens, types)
    if header.get(PRE) in DIGITS_FIRST:
        divide_at_digits(tokenizer)


def divide_at_digits(tokenizer: "PreTrainedTokenizerBase") -> None:
    """Make a byte-level tokenizer divide texts at every digit first.

    transformers does not read how a file's tokenizer divides texts before it merges bytes, and
    divides them as GPT-2's does. The ids differ for example at several spaces before a digit.
    """
    from tokenizers import pre_tokenizers

    digits = pre_tokenizers.Digits(individual_digits=True)
    bytes_of_words = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, bytes_of_words])


def add_runs_of_spaces(
    tokenizer: "PreTrainedTokenizerBase", tokens: Sequence[str], types: Sequence[int]
) -> None:
    """Make user-defined tokens that consist of spaces be found before all others.

    `tokens` and `types` are those of the file, by token id. Gemma has such tokens for runs of up to
    31 spaces: a run of 34 is one of 31 and one of 3. transformers builds them by merges, as 16 and
    18.
    """
    from transformers import AddedToken

    vocabulary = tokenizer.get_vocab()
    runs = [
        token.replace(" ", SPACE)
        for token, kind in zip(tokens, types, strict=True)
        if kind == USER_DEFINED and set(token) == {" "}
    ]
    # Normalized: they are found after spaces are replaced. A token that is not in the vocabulary
    # would get a new id.
    tokenizer.add_tokens([AddedToken(run, normalized=True) for run in runs if run in vocabulary])
