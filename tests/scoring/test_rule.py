"""Which tokens are scored."""

from types import SimpleNamespace
from typing import cast

import pytest
from tiny import TEXTS, tiny_tokenizer
from transformers import PretrainedConfig, PreTrainedTokenizerBase

from modelmap.errors import UserError
from modelmap.models.load import maximum_length
from modelmap.scoring.rule import adds_bos, encode_texts, prefix_token


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


def test_truncation_is_at_the_maximum_length_and_counted() -> None:
    """Exactly the maximum is whole; one more token is cut."""
    tokenizer = tiny_tokenizer(True)
    (whole,) = encode_texts(tokenizer, [TEXTS[4]], "own", 10_000)
    length = len(whole.ids)
    (exact,) = encode_texts(tokenizer, [TEXTS[4]], "own", length)
    (cut,) = encode_texts(tokenizer, [TEXTS[4]], "own", length - 1)
    assert (exact.truncated, len(exact.ids)) == (False, length)
    assert (cut.truncated, cut.ids) == (True, whole.ids[:-1])


def test_a_byte_level_tokenizer_is_lossless_and_a_lower_casing_one_is_not() -> None:
    """A text counts as lossless only if its tokens decode to it exactly."""
    from tokenizers import normalizers

    lossy = tiny_tokenizer(False)
    lossy.backend_tokenizer.normalizer = normalizers.Lowercase()
    assert all(item.lossless for item in encode_texts(tiny_tokenizer(False), TEXTS, "own", 256))
    told = [item.lossless for item in encode_texts(lossy, TEXTS, "own", 256)]
    assert told == [text == text.lower() for text in TEXTS]


def test_without_bos_and_eos_the_prefixed_rule_says_so() -> None:
    """No token to prefix is an error in one line."""
    bare = SimpleNamespace(bos_token_id=None, eos_token_id=None)
    with pytest.raises(UserError, match="neither BOS nor EOS"):
        prefix_token(cast(PreTrainedTokenizerBase, bare))
    only_eos = SimpleNamespace(bos_token_id=None, eos_token_id=7)
    assert prefix_token(cast(PreTrainedTokenizerBase, only_eos)) == 7


@pytest.mark.parametrize(
    ("keys", "own", "expected"),
    [
        ({"max_position_embeddings": 512, "n_positions": 64}, None, 512),
        ({"n_positions": 64}, None, 64),
        ({"max_sequence_length": 96}, None, 96),
        ({}, None, 2048),
        ({"max_position_embeddings": 512}, 100, 100),
        ({"max_position_embeddings": 512}, 4096, 512),
    ],
)
def test_the_maximum_length_is_the_first_limit_the_model_names(
    keys: dict[str, int], own: int | None, expected: int
) -> None:
    """The order is max_position_embeddings, n_positions, max_sequence_length, else 2048."""
    config = PretrainedConfig()
    for key, value in keys.items():
        setattr(config, key, value)
    assert maximum_length(config, own) == expected
