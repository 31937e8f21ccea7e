"""Texts as one tokenizer reads them, kept in a file: models that share a tokenizer share it."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from modelmap.plumbing.files import write_atomically
from modelmap.score.identity import Identity
from modelmap.score.rule import Encoded


@dataclass(frozen=True)
class EncodedTexts:
    """N texts' token ids, one after the other, and where each begins."""

    ids: np.ndarray
    """int32, shape (total tokens,)."""
    starts: np.ndarray
    """int64, shape (N + 1,)."""
    truncated: np.ndarray
    """bool, shape (N,)."""
    lossless: np.ndarray
    """bool, shape (N,)."""
    added_bos: np.ndarray
    """bool, shape (1,): whether a token stands before the first real one."""

    @property
    def lengths(self) -> np.ndarray:
        """Return the tokens of each text, those that are not scored included; shape (N,)."""
        lengths: np.ndarray = np.diff(self.starts)
        return lengths

    def sequence(self, row: int) -> np.ndarray:
        """Return one text's ids, int32, shape (its length,)."""
        ids: np.ndarray = self.ids[self.starts[row] : self.starts[row + 1]]
        return ids


def gathered(encoded: Sequence[Encoded], added_bos: bool) -> EncodedTexts:
    """Return the texts' ids in arrays."""
    lengths = [len(item.ids) for item in encoded]
    return EncodedTexts(
        np.array([token for item in encoded for token in item.ids], dtype=np.int32),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.array([item.truncated for item in encoded], dtype=bool),
        np.array([item.lossless for item in encoded], dtype=bool),
        np.array([added_bos]),
    )


def encoding_name(identity: Identity, max_length: int) -> str:
    """Return the name of the file for all that decides a model's ids."""
    parts = [identity.source, identity.tokenizer, identity.rule, identity.text_set, max_length]
    digest = hashlib.sha256(json.dumps([*parts, identity.scorer_version]).encode()).hexdigest()
    return f"encoded-{digest[:32]}.safetensors"


def write_encoded(encoded: EncodedTexts, path: Path) -> None:
    """Write the arrays whole or not at all."""
    from safetensors.numpy import save_file

    write_atomically(path, lambda part: save_file(dict(vars(encoded)), part))


def read_encoded(path: Path) -> EncodedTexts:
    """Return what write_encoded wrote."""
    from safetensors.numpy import load_file

    return EncodedTexts(**load_file(path))
