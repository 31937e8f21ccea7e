"""The token ids of all texts in one file, which models with the same tokenizer share."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import write_atomically
from modelmap.score.identity import Identity
from modelmap.score.rule import Encoded

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

MAX_UNSCORED_SHARE = 0.5
"""Of the texts. A model of which more have no scored token is refused."""


@dataclass(frozen=True)
class EncodedTexts:
    """The token ids of N texts, concatenated."""

    ids: np.ndarray
    """int32, shape (total tokens,)."""
    starts: np.ndarray
    """int64, shape (N + 1,): where each text begins in `ids`, and where the last one ends."""
    ends: np.ndarray
    """int32, shape (total tokens,): the bytes of a text up to the end of each of its tokens."""
    truncated: np.ndarray
    """bool, shape (N,): whether the text was cut at the maximum length."""
    lossless: np.ndarray
    """bool, shape (N,): whether the tokens decode to the text exactly."""
    n_bytes: np.ndarray
    """int32, shape (N,): the number of UTF-8 bytes of each text."""
    added_bos: np.ndarray
    """bool, shape (1,): whether a token is put before the first token of each text."""

    @property
    def lengths(self) -> np.ndarray:
        """Return the number of tokens of each text, including the unscored first; shape (N,)."""
        lengths: np.ndarray = np.diff(self.starts)
        return lengths

    def sequence(self, row: int) -> np.ndarray:
        """Return the ids of the text in `row`, int32, shape (number of its tokens,)."""
        ids: np.ndarray = self.ids[self.starts[row] : self.starts[row + 1]]
        return ids

    def byte_ends(self, row: int) -> np.ndarray:
        """Return the bytes up to the end of each token of the text in `row`, int32."""
        ends: np.ndarray = self.ends[self.starts[row] : self.starts[row + 1]]
        return ends

    def scored_bytes(self, row: int) -> tuple[int, int]:
        """Return the first byte of the text in `row` that is scored, and where scoring ends.

        The bytes of the first id are not scored, which is a token of the text unless BOS is put
        before it, and neither are those that are cut off.
        """
        ends = self.byte_ends(row)
        n_bytes = int(self.n_bytes[row])
        if not len(ends):
            return n_bytes, n_bytes
        return int(ends[0]), int(ends[-1]) if self.truncated[row] else n_bytes


def concatenated(
    encoded: Sequence[Encoded], n_bytes: Sequence[int], added_bos: bool
) -> EncodedTexts:
    """Return the ids of all texts, of which `n_bytes` are the sizes, concatenated in arrays."""
    lengths = [len(item.ids) for item in encoded]
    return EncodedTexts(
        np.array([token for item in encoded for token in item.ids], dtype=np.int32),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.array([end for item in encoded for end in item.ends], dtype=np.int32),
        np.array([item.truncated for item in encoded], dtype=bool),
        np.array([item.lossless for item in encoded], dtype=bool),
        np.array(n_bytes, dtype=np.int32),
        np.array([added_bos]),
    )


def score_table(
    encoded: EncodedTexts,
    rows: Sequence[int],
    text_ids: Sequence[int],
    loglik_nats: Sequence[float],
    segments_nats: Sequence[np.ndarray],
) -> pd.DataFrame:
    """Return scores of the texts in `rows`, with the columns of SCORES.

    `text_ids` are the ids of these texts, and the others their log-likelihoods and those of their
    segments, all in the order of `rows`.
    """
    places = list(rows)
    return pd.DataFrame(
        {
            "text_id": list(text_ids),
            "loglik_nats": list(loglik_nats),
            "n_tokens": np.maximum(encoded.lengths[places] - 1, 0),
            "truncated": encoded.truncated[places],
            "lossless": encoded.lossless[places],
            "scored_from": [encoded.scored_bytes(row)[0] for row in places],
            "scored_to": [encoded.scored_bytes(row)[1] for row in places],
            "segments_nats": list(segments_nats),
        }
    )


def check_ids(encoded: EncodedTexts, vocabulary: int) -> None:
    """Raise UserError if a model cannot score most texts, or cannot read some of their tokens.

    `vocabulary` is the number of tokens that the model knows.
    """
    # Without its files some tokenizers are loaded all the same, with an empty vocabulary. The sum
    # over no tokens is 0, so the model would look perfect.
    n_texts, n_unscored = len(encoded.lengths), int((encoded.lengths < 2).sum())
    if n_unscored > MAX_UNSCORED_SHARE * n_texts:
        raise UserError(
            f"its tokenizer gives {n_unscored} of {n_texts} texts fewer than two tokens, so that "
            "nothing is scored of them: add the tokenizer's files to the model's or, if the texts "
            "are that short, use the scoring rule prefixed"
        )
    largest = int(encoded.ids.max(initial=0))
    if largest >= vocabulary:
        raise UserError(
            f"its tokenizer gives token ids up to {largest}, and the model knows {vocabulary} "
            "tokens: use the tokenizer that belongs to the model"
        )


def encoding_name(tokenizer: "PreTrainedTokenizerBase", identity: Identity, max_length: int) -> str:
    """Return the file name for a model's token ids: a hash of everything that they depend on."""
    parts = [_behaviour(tokenizer, identity), identity.rule, identity.text_set, max_length]
    digest = hashlib.sha256(json.dumps([*parts, identity.scorer_version]).encode()).hexdigest()
    return f"encoded-{digest[:32]}.safetensors"


def _behaviour(tokenizer: "PreTrainedTokenizerBase", identity: Identity) -> list[str]:
    """Return what decides the ids that a loaded tokenizer gives.

    Equal tokenizer files do not give equal ids: the type of model in config.json, and code that
    comes with a model, decide how the files are used. A fast tokenizer of transformers is described
    in full by its class, the state of its Rust part, and whether it splits special tokens in texts.
    Any other tokenizer belongs to its model's revision alone.
    """
    kind = type(tokenizer)
    if tokenizer.is_fast and kind.__module__.startswith("transformers."):
        state = tokenizer.backend_tokenizer.to_str()
        special = json.dumps(tokenizer.special_tokens_map, sort_keys=True, default=str)
        # This setting is not part of the state.
        split = f"split_special_tokens={tokenizer.split_special_tokens}"
        return [f"{kind.__module__}.{kind.__qualname__}", state, special, split]
    return [identity.source, identity.revision, identity.tokenizer]


def write_encoded(encoded: EncodedTexts, path: Path) -> None:
    """Write the arrays to `path`; a failure leaves no partial file."""
    from safetensors.numpy import save_file

    write_atomically(path, lambda temporary: save_file(dict(vars(encoded)), temporary))


def read_encoded(path: Path) -> EncodedTexts | None:
    """Return the arrays that write_encoded wrote to `path`, or None if it is missing or damaged."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return EncodedTexts(**load_file(path))
    except (OSError, SafetensorError, TypeError):
        return None
