"""Which texts a tokenizer gives back."""

import pytest
from helpers.tiny_models import TEXTS, tiny_tokenizer
from helpers.tokenizers import byte_level, of_words, with_byte_fallback
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import ByT5Tokenizer, PreTrainedTokenizerBase

from modelmap.score.rule import encode_texts

BYTES, FALLBACK = byte_level(), with_byte_fallback()


def lossless(tokenizer: PreTrainedTokenizerBase, *texts: str) -> list[bool]:
    """Return for each text whether it is given back."""
    return [item.lossless for item in encode_texts(tokenizer, texts, "own", 10_000)]


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_bytes_and_byte_fallback_give_any_text_back(text: str) -> None:
    """Any characters, spaces at the ends included, come back under GPT-2's and Llama's scheme."""
    assert lossless(BYTES, text) == [True]
    assert lossless(FALLBACK, text) == [True]


def test_a_lower_casing_tokenizer_loses_capitals() -> None:
    """A text counts as lossless only if its tokens decode to it exactly."""
    from tokenizers import normalizers

    tokenizer = tiny_tokenizer(False)
    tokenizer.backend_tokenizer.normalizer = normalizers.Lowercase()
    assert lossless(tiny_tokenizer(False), *TEXTS) == [True] * len(TEXTS)
    assert lossless(tokenizer, *TEXTS) == [text == text.lower() for text in TEXTS]


def test_a_tokenizer_that_composes_characters_loses_their_parts() -> None:
    """Under NFKC a letter with its accent beside it, a ligature and a wide letter are changed."""
    from tokenizers import normalizers

    tokenizer = byte_level()
    tokenizer.backend_tokenizer.normalizer = normalizers.NFKC()
    texts = ["é", "e\u0301", "\ufb01t", "\uff21", "fit"]
    assert lossless(tokenizer, *texts) == [True, False, False, False, True]


def test_unknown_words_and_changed_spaces_are_losses() -> None:
    """A tokenizer of words knows five; it gives back one space between them and no line end."""
    texts = [
        "The map of models",
        "The map of texts",
        "The  map",
        "The\nmap",
        " The map",
        "The map.",
    ]
    assert lossless(of_words(), *texts) == [True, False, False, False, False, False]


def test_tidied_spaces_are_of_the_decoder_and_no_loss() -> None:
    """Spaces before punctuation that decoding would tidy away are in the tokens all the same."""
    tokenizer = byte_level(
        clean_up_tokenization_spaces=True,
        clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output=True,
    )
    text = "a map , of course ."
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == "a map, of course."
    assert lossless(tokenizer, text) == [True]


def test_a_text_that_is_cut_is_judged_whole() -> None:
    """Truncation and loss are two things: a cut text whose tokens spell it is lossless."""
    (item,) = encode_texts(BYTES, ["The map of models."], "own", 2)
    assert (item.truncated, item.lossless) == (True, True)


@pytest.mark.filterwarnings("ignore:This sequence already has")
@pytest.mark.parametrize("text", ["", "a\x00b", "東京 🚀", "</s>"])
def test_a_tokenizer_in_python_is_judged_alike(text: str) -> None:
    """ByT5's bytes give any text back, special tokens that it spells included."""
    assert lossless(ByT5Tokenizer(), text) == [True]
