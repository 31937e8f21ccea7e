"""The rules that decide which tokens of a text are scored.

Rule "own" is that of Oyama et al. 2025 (ACL); rule "prefixed" is this project's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from modelmap.plumbing.arrays import Indices
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
    ends: tuple[int, ...]
    """For each id, the number of UTF-8 bytes of the text up to its end; they never decrease.

    A token covers the bytes from the end of the token before it to its own end. Special tokens
    that the text does not contain cover none. Of several tokens that together are one character,
    the first covers all of its bytes.
    """

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
    both = _tokenized(tokenizer, list(texts), with_special=rule == "own")
    plain = [one.plain for one in both]
    if rule == "prefixed":
        prefix = prefix_token(tokenizer)
        both = [_prefixed(one, prefix) for one in both]
    # A tokenizer that changes a text (lower case, unknown tokens, spaces) gives the likelihood of
    # another text. clean_up_tokenization_spaces would make such a change while decoding.
    decoded = [
        tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        for ids in plain
    ]
    return [
        Encoded(
            tuple(one.ids[:max_length]),
            len(one.ids) > max_length,
            decoded_text == text,
            tuple(byte_ends(text, one.character_ends)[:max_length].tolist()),
        )
        for one, decoded_text, text in zip(both, decoded, texts, strict=True)
    ]


@dataclass(frozen=True)
class _Tokenized:
    """The tokens of one text."""

    ids: list[int]
    """With the special tokens that the tokenizer adds, if they are wanted."""
    plain: list[int]
    """Without them."""
    character_ends: list[int]
    """For each of `ids`, the number of characters of the text up to its end."""


def _tokenized(
    tokenizer: "PreTrainedTokenizerBase", texts: list[str], with_special: bool
) -> list[_Tokenized]:
    if not tokenizer.is_fast:
        return [_slowly_tokenized(tokenizer, text, with_special) for text in texts]
    # One pass instead of two. The mask marks the special tokens that the tokenizer added, not
    # those that the text itself contains, such as a literal "</s>".
    found = tokenizer(
        texts,
        add_special_tokens=with_special,
        return_special_tokens_mask=True,
        return_offsets_mapping=True,
        verbose=False,
    )
    columns = (found[key] for key in ("input_ids", "special_tokens_mask", "offset_mapping"))
    return [
        _Tokenized(
            ids,
            [token for token, added in zip(ids, mask, strict=True) if not (added and with_special)],
            [
                0 if added and with_special else end
                for (_, end), added in zip(offsets, mask, strict=True)
            ],
        )
        for ids, mask, offsets in zip(*columns, strict=True)
    ]


def _slowly_tokenized(
    tokenizer: "PreTrainedTokenizerBase", text: str, with_special: bool
) -> _Tokenized:
    """Return the tokens of a text by a tokenizer written in Python."""
    # Such tokenizers give no offsets, and no reliable mask: some append no EOS where the text
    # itself ends in one. So they are run twice, and ends are found by decoding the first tokens.
    plain: list[int] = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
    ids: list[int] = tokenizer(text, verbose=False)["input_ids"] if with_special else plain
    n_before = next((i for i in range(len(ids)) if ids[i : i + len(plain)] == plain), 0)
    ends = [
        len(
            tokenizer.decode(
                plain[:n], skip_special_tokens=False, clean_up_tokenization_spaces=False
            ).rstrip("\ufffd")
        )
        for n in range(1, len(plain) + 1)
    ]
    # A character of which only some tokens are there is left out by decoding, or is U+FFFD. Its
    # tokens end where it ends, as in the offsets of tokenizers that are not written in Python.
    for n in range(len(ends) - 2, -1, -1):
        if ends[n] <= (ends[n - 1] if n else 0):
            ends[n] = ends[n + 1]
    return _Tokenized(ids, plain, [0] * n_before + ends + [0] * (len(ids) - n_before - len(ends)))


def _prefixed(one: _Tokenized, prefix: int) -> _Tokenized:
    if one.ids[:1] == [prefix]:
        return one
    return _Tokenized([prefix, *one.ids], one.plain, [0, *one.character_ends])


def byte_ends(text: str, character_ends: Sequence[int]) -> Indices:
    """Return the number of UTF-8 bytes up to the end of each token, from that of characters.

    An end that is lower than one before it is raised to that one, so that ends never decrease: a
    tokenizer gives 0 for tokens that are not from the text.
    """
    codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    n_bytes = 1 + (codes > 0x7F) + (codes > 0x7FF) + (codes > 0xFFFF)
    totals = np.concatenate([[0], np.cumsum(n_bytes)])
    ends = np.minimum(np.asarray(character_ends, dtype=np.int64), len(codes))
    found: Indices = totals[np.maximum.accumulate(ends)] if len(ends) else ends
    return found


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
