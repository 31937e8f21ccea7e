"""Which tokens are scored."""

from types import SimpleNamespace
from typing import cast

import pytest
from helpers.tiny_models import TEXTS, tiny_tokenizer
from helpers.tokenizers import BOS, EOS, TEMPLATES, byte_level, of_words, with_byte_fallback
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import ByT5Tokenizer, PreTrainedTokenizerBase

from modelmap.plumbing.errors import UserError
from modelmap.score.rule import Rule, adds_bos, encode_texts, prefix_token

LONG = 10_000
# Texts that spell special tokens, and marks that some tokenizers drop or change.
spelled = st.lists(
    st.one_of(st.text(max_size=8), st.sampled_from([BOS, EOS, "The map", "  ", "\n", "é"]))
).map("".join)


def ids_of(tokenizer: PreTrainedTokenizerBase, text: str, rule: Rule = "own") -> tuple[int, ...]:
    """Return the ids of one text."""
    return encode_texts(tokenizer, [text], rule, LONG)[0].ids


def test_bos_is_there_where_the_tokenizer_adds_it_and_nowhere_else() -> None:
    """P1's rule leaves each tokenizer its default special tokens."""
    with_bos, without = tiny_tokenizer(True), tiny_tokenizer(False)
    for one, other in zip(
        encode_texts(with_bos, TEXTS, "own", 256),
        encode_texts(without, TEXTS, "own", 256),
        strict=True,
    ):
        assert one.ids == (0, *other.ids)
        assert one.n_scored == other.n_scored + 1
    assert adds_bos(with_bos, "own")
    assert not adds_bos(without, "own")


def test_the_prefixed_rule_puts_one_bos_never_two() -> None:
    """Both tokenizers give the same ids: one end-of-text token, then the text."""
    one = encode_texts(tiny_tokenizer(True), TEXTS, "prefixed", 256)
    other = encode_texts(tiny_tokenizer(False), TEXTS, "prefixed", 256)
    assert one == other
    assert all(item.ids.count(0) == 1 and item.ids[0] == 0 for item in one)


def test_a_text_that_begins_with_bos_is_not_prefixed_again() -> None:
    """Never twice, even where the text itself spells the token."""
    (item,) = encode_texts(tiny_tokenizer(False), ["<|endoftext|>hello"], "prefixed", 256)
    assert item.ids[0] == 0
    assert item.ids[1] != 0


@pytest.mark.parametrize(
    ("adds", "first", "last", "bos"),
    [("BOS", (0,), (), True), ("EOS", (), (1,), False), ("both", (0,), (1,), True)],
)
def test_special_tokens_are_those_of_the_tokenizer_at_both_ends(
    adds: str, first: tuple[int, ...], last: tuple[int, ...], bos: bool
) -> None:
    """P1 scores ids[1:], so an EOS that the tokenizer appends is scored as the last token."""
    tokenizer = byte_level(adds)
    plain = ids_of(byte_level("nothing"), "The map")
    (item,) = encode_texts(tokenizer, ["The map"], "own", LONG)
    assert item.ids == (*first, *plain, *last)
    assert item.n_scored == len(first) + len(plain) + len(last) - 1
    assert adds_bos(tokenizer, "own") is bos


@pytest.mark.parametrize("adds", TEMPLATES)
def test_the_prefixed_rule_adds_bos_and_nothing_else_to_any_tokenizer(adds: str) -> None:
    """What the tokenizer itself adds, EOS too, is not there."""
    plain = ids_of(byte_level("nothing"), "The map")
    assert ids_of(byte_level(adds), "The map", "prefixed") == (0, *plain)
    assert adds_bos(byte_level(adds), "prefixed")


def test_a_bos_that_the_text_spells_is_a_token_of_the_text_under_the_own_rule() -> None:
    """The tokenizer's own BOS stands before it and it is scored; nothing is added by the rule."""
    the_map = ids_of(byte_level("nothing"), "The map")
    assert ids_of(byte_level("BOS"), f"{BOS}The map") == (0, 0, *the_map)
    assert ids_of(byte_level("nothing"), f"{BOS}The map") == (0, *the_map)


@pytest.mark.parametrize(
    ("adds", "text", "ids", "n_scored"),
    [
        ("nothing", "", (), 0),
        ("BOS", "", (0,), 0),
        ("both", "", (0, 1), 1),
        ("nothing", "!", (3,), 0),
        ("BOS", "!", (0, 3), 1),
        ("EOS", "!", (3, 1), 1),
    ],
)
def test_texts_of_no_token_and_of_one(
    adds: str, text: str, ids: tuple[int, ...], n_scored: int
) -> None:
    """Nothing is scored of them but what something stands before."""
    (item,) = encode_texts(byte_level(adds), [text], "own", LONG)
    assert (item.ids, item.n_scored, item.truncated, item.lossless) == (ids, n_scored, False, True)


@pytest.mark.parametrize("rule", ["own", "prefixed"])
def test_a_text_of_which_nothing_is_left_scores_nothing_and_is_not_lossless(rule: Rule) -> None:
    """Spaces that a tokenizer of words drops leave no token but the prefix."""
    (item,) = encode_texts(of_words(), ["  \n "], rule, LONG)
    assert (item.ids, item.n_scored, item.lossless) == ((0,) * (rule == "prefixed"), 0, False)


@settings(max_examples=60, deadline=None)
@given(st.lists(spelled, min_size=1, max_size=4))
def test_ids_are_what_the_tokenizer_gives_for_each_text(texts: list[str]) -> None:
    """One pass over all texts gives the ids, and the loss, of two passes over each."""
    for tokenizer in READERS:
        for item, text in zip(encode_texts(tokenizer, texts, "own", LONG), texts, strict=True):
            assert item.ids == tuple(tokenizer(text)["input_ids"])
            plain = tokenizer(text, add_special_tokens=False)["input_ids"]
            assert item.lossless == (tokenizer.decode(plain) == text)


@pytest.mark.filterwarnings("ignore:This sequence already has")
def test_a_tokenizer_in_python_follows_the_same_rules() -> None:
    """ByT5's bytes, shifted by three, end in one EOS (1); prefixed, it stands first instead."""
    tokenizer = ByT5Tokenizer()
    assert not tokenizer.is_fast
    assert ids_of(tokenizer, "ab") == (100, 101, 1)
    assert ids_of(tokenizer, "ab", "prefixed") == (1, 100, 101)
    assert ids_of(tokenizer, "ab</s>") == (100, 101, 1)
    assert not adds_bos(tokenizer, "own")


def test_without_bos_and_eos_the_prefixed_rule_says_so() -> None:
    """No token to prefix is an error in one line."""
    bare = SimpleNamespace(bos_token_id=None, eos_token_id=None)
    with pytest.raises(UserError, match="neither BOS nor EOS"):
        prefix_token(cast(PreTrainedTokenizerBase, bare))
    only_eos = SimpleNamespace(bos_token_id=None, eos_token_id=7)
    assert prefix_token(cast(PreTrainedTokenizerBase, only_eos)) == 7


@settings(max_examples=60, deadline=None)
@given(spelled)
def test_ends_of_tokens_are_bytes_of_the_text(text: str) -> None:
    """They never decrease, and end where the text ends if the tokenizer keeps all of it."""
    n_bytes = len(text.encode())
    for tokenizer in READERS:
        for rule in ("own", "prefixed"):
            (item,) = encode_texts(tokenizer, [text], rule, LONG)
            assert len(item.ends) == len(item.ids)
            assert list(item.ends) == sorted(item.ends)
            assert all(0 <= end <= n_bytes for end in item.ends)
            if item.lossless and text:
                assert item.ends[-1] == n_bytes


@pytest.mark.parametrize(
    ("tokenizer", "rule", "text", "ends"),
    [
        (byte_level("both"), "own", "a€", (0, 1, 4, 4, 4, 4)),
        (byte_level("nothing"), "prefixed", "a€", (0, 1, 4, 4, 4)),
        (byte_level("nothing"), "own", f"{BOS}a", (len(BOS), len(BOS) + 1)),
        (ByT5Tokenizer(), "own", "a€b", (1, 4, 4, 4, 5, 5)),
    ],
)
def test_ends_of_tokens_that_split_a_character_or_are_special(
    tokenizer: PreTrainedTokenizerBase, rule: Rule, text: str, ends: tuple[int, ...]
) -> None:
    """The tokens of one character end where it ends; BOS and EOS take no bytes."""
    (item,) = encode_texts(tokenizer, [text], rule, LONG)
    assert item.ends == ends


def test_ends_of_a_text_that_is_cut_are_those_of_its_first_tokens() -> None:
    """Bytes after the last end are not scored."""
    (whole,) = encode_texts(byte_level("BOS"), ["The map of models"], "own", LONG)
    (cut,) = encode_texts(byte_level("BOS"), ["The map of models"], "own", 3)
    assert cut.truncated
    assert cut.ends == whole.ends[:3]


READERS = [byte_level("both"), byte_level("EOS"), with_byte_fallback(), of_words()]
