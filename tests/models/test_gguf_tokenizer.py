"""Tokens of a GGUF file that transformers leaves out are found in texts again."""

from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from modelmap.models.gguf_tokenizer import (
    PRE,
    SPACE,
    USER_DEFINED,
    add_runs_of_spaces,
    mend_tokenizer,
)

NORMAL = 1
TOKENS = ["a", "b", " ", "  ", "   ", "    ", "     ", "      "]
"""As in the file: runs of up to six spaces, with a literal space."""
TYPES = [NORMAL] * 3 + [USER_DEFINED] * 5


def tokenizer() -> Any:
    """Return a tokenizer as transformers reads Gemma's: pairs of spaces, and pairs of these."""
    vocabulary = {token.replace(" ", SPACE): i for i, token in enumerate(TOKENS)}
    merges = [(SPACE * n, SPACE * n) for n in (1, 2)]
    core = Tokenizer(models.BPE(vocabulary, merges))
    core.normalizer = normalizers.Replace(" ", SPACE)
    core.decoder = decoders.Sequence([decoders.Replace(SPACE, " "), decoders.Fuse()])
    return PreTrainedTokenizerFast(tokenizer_object=core)


def test_a_run_of_spaces_is_the_longest_token_and_the_rest(tmp_path: Path) -> None:
    """As SentencePiece and llama.cpp do, and also after the tokenizer was saved and loaded."""
    made = tokenizer()
    assert made("a        b")["input_ids"] == [0, 5, 5, 1]
    add_runs_of_spaces(made, TOKENS, TYPES)
    made.save_pretrained(tmp_path)
    for one in (made, AutoTokenizer.from_pretrained(tmp_path)):
        assert len(one) == len(TOKENS)
        for text, ids in (
            ("a        b", [0, 7, 3, 1]),
            ("a b", [0, 2, 1]),
            ("   b      ", [4, 1, 7]),
        ):
            found = one(text, return_offsets_mapping=True)
            assert found["input_ids"] == ids
            ends = [end for _, end in found["offset_mapping"]]
            assert ends == [sum(len(TOKENS[i]) for i in ids[: n + 1]) for n in range(len(ids))]
            assert one.decode(ids) == text


@pytest.mark.parametrize(
    ("tokens", "types"),
    [(TOKENS, [NORMAL] * len(TOKENS)), (["a", " " * 9], [USER_DEFINED] * 2), ([], [])],
)
def test_other_tokens_stay_as_they_are(tokens: list[str], types: list[int]) -> None:
    """Normal tokens, those that are not spaces, and runs that the vocabulary does not have."""
    made = tokenizer()
    before = made.backend_tokenizer.to_str()
    add_runs_of_spaces(made, tokens, types)
    assert made.backend_tokenizer.to_str() == before


def byte_level() -> Any:
    """Return a byte-level tokenizer, as transformers reads SmolLM2's: without a split at digits."""
    tokens = ["a", "1", "2", "Ġ", "ĠĠ", "Ġ1"]
    merges = [("Ġ", "Ġ"), ("Ġ", "1")]
    core = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=core)


def test_texts_are_divided_at_every_digit_first_where_the_file_says_so(tmp_path: Path) -> None:
    """Two spaces before a digit stay together, and digits apart; after saving and loading, too."""
    made = byte_level()
    assert made("a  12")["input_ids"] == [0, 3, 5, 2]
    mend_tokenizer(made, {PRE: "smollm"})
    made.save_pretrained(tmp_path)
    for one in (made, AutoTokenizer.from_pretrained(tmp_path)):
        assert one("a  12")["input_ids"] == [0, 4, 1, 2]
        assert one.decode([0, 4, 1, 2]) == "a  12"


def test_other_files_divide_texts_as_before() -> None:
    """GPT-2's own division, or a header that does not say."""
    for header in ({PRE: "gpt-2"}, {}):
        made = byte_level()
        before = made.backend_tokenizer.to_str()
        mend_tokenizer(made, header)
        assert made.backend_tokenizer.to_str() == before
