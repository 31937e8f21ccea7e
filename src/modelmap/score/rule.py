"""The rules that decide which tokens of a text are scored.

Rule "own" is that of Oyama et al. 2025 (ACL); rule "prefixed" is this project's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from modelmap.plumbing.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Rule = Literal["own", "prefixed"]
MAX_TRUNCATED_SHARE = 0.05
"""Of the texts. A model that cuts more of them is reported, since a score of a part of a text is
not comparable with scores of the whole text."""


@dataclass(frozen=True)
class Encoded:
    """The token ids of one text. All ids but the first are scored."""

    ids: tuple[int, ...]
    truncated: bool
    """Whether ids at the end were cut off."""
    lossless: bool
    """Whether the ids without special tokens, before cutting, decode to the text exactly."""

    @property
    def n_scored(self) -> int:
        return max(0, len(self.ids) - 1)


def encode_texts(
    tokenizer: "PreTrainedTokenizerBase", texts: Sequence[str], rule: Rule, max_length: int
) -> list[Encoded]:
    """Return the token ids of each text under `rule`, with at most the first `max_length` ids.

    Rule "own" keeps the special tokens that the tokenizer adds by default, as Oyama et al. 2025
    (ACL) do: an EOS that it appends is scored like any other token. Rule "prefixed" puts BOS, or
    EOS where there is no BOS, before the text unless the text begins with it, and adds nothing
    else. Raises UserError under "prefixed" if the tokenizer has neither.
    """
    if rule == "own":
        full, plain = _own(tokenizer, list(texts))
    else:
        plain = tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"]
        prefix = prefix_token(tokenizer)
        full = [_prefixed(ids, prefix) for ids in plain]
    # A tokenizer that changes a text (lower case, unknown tokens, spaces) gives the likelihood of
    # another text. clean_up_tokenization_spaces would make such a change while decoding.
    decoded = [
        tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        for ids in plain
    ]
    return [
        Encoded(tuple(ids[:max_length]), len(ids) > max_length, decoded_text == text)
        for ids, decoded_text, text in zip(full, decoded, texts, strict=True)
    ]


def _own(
    tokenizer: "PreTrainedTokenizerBase", texts: list[str]
) -> tuple[list[list[int]], list[list[int]]]:
    """Return the ids of each text with the tokenizer's special tokens, and without them."""
    if not tokenizer.is_fast:
        # Tokenizers written in Python give no reliable mask: some append no EOS where the text
        # itself ends in one. So they are run twice.
        plain = tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"]
        return tokenizer(texts, verbose=False)["input_ids"], plain
    # One pass instead of two. The mask marks the special tokens that the tokenizer added, not
    # those that the text itself contains, such as a literal "</s>".
    both = tokenizer(texts, return_special_tokens_mask=True, verbose=False)
    masks = both["special_tokens_mask"]
    return both["input_ids"], [
        [token for token, added in zip(ids, mask, strict=True) if not added]
        for ids, mask in zip(both["input_ids"], masks, strict=True)
    ]


def _prefixed(ids: list[int], prefix: int) -> list[int]:
    return ids if ids[:1] == [prefix] else [prefix, *ids]


def prefix_token(tokenizer: "PreTrainedTokenizerBase") -> int:
    """Return the id of BOS, or of EOS if there is no BOS. Raises UserError if there is neither."""
    for token in (tokenizer.bos_token_id, tokenizer.eos_token_id):
        if token is not None:
            return int(token)
    raise UserError("the tokenizer has neither BOS nor EOS: use the scoring rule own")


def adds_bos(tokenizer: "PreTrainedTokenizerBase", rule: Rule) -> bool:
    """Return whether a token is put before the first token of a text, which is then scored too."""
    if rule == "prefixed":
        return True
    with_special = tokenizer("a")["input_ids"]
    without = tokenizer("a", add_special_tokens=False)["input_ids"]
    return bool(with_special[:1] != without[:1])
