"""Which tokens of a text are scored (P1, and a prefixed variant)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from modelmap.errors import UserError

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

    Rule "own" takes the tokenizer's default special tokens; "prefixed" puts one BOS (else EOS)
    first, unless it is there. A text is lossless if its plain tokens decode to it exactly.
    """
    plain = tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"]
    if rule == "own":
        full = tokenizer(list(texts), verbose=False)["input_ids"]
    else:
        full = [_prefixed(ids, prefix_token(tokenizer)) for ids in plain]
    decoded = [
        tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        for ids in plain
    ]
    return [
        Encoded(tuple(ids[:max_length]), len(ids) > max_length, back == text)
        for ids, back, text in zip(full, decoded, texts, strict=True)
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
