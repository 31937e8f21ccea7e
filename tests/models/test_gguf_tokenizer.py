"""Tokens of a GGUF file that transformers leaves out are found in texts again."""

from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, decoders, models, normalizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from modelmap.models.gguf_tokenizer import SPACE, USER_DEFINED, add_runs_of_spaces

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
