"""Tokenizers of the zoo: lossless, and with BOS or without."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from modelmap.zoo.settings import TokenizerRecipe
from modelmap.zoo.tokenizers import END_OF_TEXT, train_tokenizer

TEXTS = ["the map shows the models that are near the model", "déjà vu " * 20]


def trained(add_bos: bool, vocab_size: int = 300) -> Any:
    """Return a tokenizer trained on TEXTS."""
    return train_tokenizer(TEXTS, TokenizerRecipe(vocab_size=vocab_size, add_bos=add_bos), 128)


@pytest.fixture(scope="module", params=[True, False], ids=["bos", "no bos"])
def tokenizer(request: pytest.FixtureRequest) -> Any:
    """Return a tokenizer of each kind."""
    return trained(request.param)


@settings(deadline=None, max_examples=150)
@given(text=st.text() | st.text(st.sampled_from(" \t\n.,'é東🚀\u200d\u0301a1")))
def test_any_text_comes_back_from_its_tokens(tokenizer: Any, text: str) -> None:
    """Spaces, case, accents, control characters and emoji: no byte is lost or changed."""
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert tokenizer.decode(ids, clean_up_tokenization_spaces=False) == text
    assert len(ids) <= len(text.encode())
    assert tokenizer.unk_token_id is None


def test_bos_is_added_where_the_recipe_says_so_and_only_there() -> None:
    """One token, number 0, before the text; the text's own tokens are the same."""
    with_bos, without = trained(True), trained(False)
    for text in ("", "the model", "é", END_OF_TEXT):
        plain = without(text)["input_ids"]
        assert with_bos(text)["input_ids"] == [0, *plain]
        assert with_bos(text, add_special_tokens=False)["input_ids"] == plain
        assert without(text, add_special_tokens=False)["input_ids"] == plain


def test_the_one_special_token_begins_and_ends_texts(tokenizer: Any) -> None:
    """Token 0 is BOS and EOS, and it is spelled so that no text is likely to hold it."""
    assert (tokenizer.bos_token_id, tokenizer.eos_token_id) == (0, 0)
    assert tokenizer.convert_ids_to_tokens(0) == END_OF_TEXT
    assert tokenizer.model_max_length == 128


def test_the_vocabulary_is_of_the_size_asked_for_and_has_every_byte() -> None:
    """257 tokens are the special one and all bytes; more are learnt from the texts."""
    smallest = trained(False, 257)
    assert len(smallest) == 257
    every_byte = "".join(map(chr, range(0x110)))
    assert len(smallest(every_byte)["input_ids"]) == len(every_byte.encode())
    larger = trained(False, 285)
    assert len(larger) == 285
    assert len(larger(TEXTS[0])["input_ids"]) < len(TEXTS[0].encode()) / 2


def test_the_same_texts_train_the_same_tokenizer(tmp_path: Path) -> None:
    """Its files are the same bytes."""
    for name in ("a", "b"):
        trained(True).save_pretrained(tmp_path / name)
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert "tokenizer.json" in names
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_saved_tokenizer_is_the_same_when_it_is_loaded(tokenizer: Any, tmp_path: Path) -> None:
    """What scoring loads from the directory encodes and decodes as what was trained."""
    tokenizer.save_pretrained(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    for text in [*TEXTS, "", " a  b\n", "é東🚀", f"a{END_OF_TEXT}b"]:
        assert loaded(text)["input_ids"] == tokenizer(text)["input_ids"]
        plain = loaded(text, add_special_tokens=False)["input_ids"]
        assert loaded.decode(plain, clean_up_tokenization_spaces=False) == text
