"""Which tokens of a text are scored (P1, and a prefixed variant)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from modelmap.plumbing.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Rule = Literal["own", "prefixed"]


@dataclass(frozen=True)
class Encoded:
    """A text as one model reads it: all ids but the first are scored."""

    ids: tuple[int, ...]
    truncated: bool
    lossless: bool

    @property
    def n_scored(self) -> int:
        return max(0, len(self.ids) - 1)


def encode_texts(
    tokenizer: "PreTrainedTokenizerBase", texts: Sequence[str], rule: Rule, max_length: int
) -> list[Encoded]:
    """Return each text's token ids under `rule`, cut at `max_length`.

    Rule "own" takes the tokenizer's default special tokens as they are (P1): an EOS that it puts
    at the end is scored like any token. "prefixed" puts one BOS (else EOS) first, unless it is
    there, and adds nothing else. What is cut is the end. A text is lossless if its plain tokens
    decode to it exactly.
    """
    if rule == "own":
        full, plain = _own(tokenizer, list(texts))
    else:
        plain = tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"]
        prefix = prefix_token(tokenizer)
        full = [_prefixed(ids, prefix) for ids in plain]
    decoded = [
        tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        for ids in plain
    ]
    return [
        Encoded(tuple(ids[:max_length]), len(ids) > max_length, back == text)
        for ids, back, text in zip(full, decoded, texts, strict=True)
    ]


def _own(
    tokenizer: "PreTrainedTokenizerBase", texts: list[str]
) -> tuple[list[list[int]], list[list[int]]]:
    """Return each text's ids with the tokenizer's special tokens, and those of the text alone."""
    if not tokenizer.is_fast:
        # Some leave out an EOS that the text spells: no pass tells what was added.
        plain = tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"]
        return tokenizer(texts, verbose=False)["input_ids"], plain
    # One pass instead of two: the mask marks what was added, not what the text itself spells.
    both = tokenizer(texts, return_special_tokens_mask=True, verbose=False)
    masks = both["special_tokens_mask"]
    return both["input_ids"], [
        [token for token, added in zip(ids, mask, strict=True) if not added]
        for ids, mask in zip(both["input_ids"], masks, strict=True)
    ]


def _prefixed(ids: list[int], prefix: int) -> list[int]:
    return ids if ids[:1] == [prefix] else [prefix, *ids]


def prefix_token(tokenizer: "PreTrainedTokenizerBase") -> int:
    """Return the id of BOS, else EOS. Raises UserError if the tokenizer has neither."""
    for token in (tokenizer.bos_token_id, tokenizer.eos_token_id):
        if token is not None:
            return int(token)
    raise UserError("the tokenizer has neither BOS nor EOS: use scoring rule own")


def adds_bos(tokenizer: "PreTrainedTokenizerBase", rule: Rule) -> bool:
    """Return whether a token stands before the first real one, so that it too is scored."""
    if rule == "prefixed":
        return True
    with_special = tokenizer("a")["input_ids"]
    without = tokenizer("a", add_special_tokens=False)["input_ids"]
    return bool(with_special[:1] != without[:1])
