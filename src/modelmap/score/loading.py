"""A model and its tokenizer as scoring needs them, and the ids of texts, checked."""

from typing import TYPE_CHECKING

import pandas as pd

from modelmap.models.load import (
    load_config,
    load_model,
    load_tokenizer,
    maximum_length,
    tokenizer_directory,
)
from modelmap.models.options import check_device
from modelmap.models.packed import pack_where_faster
from modelmap.models.prepare import adapter_directory, prepared_directory
from modelmap.models.source import check_unchanged
from modelmap.models.spec import ModelSpec
from modelmap.models.weights import count_weights
from modelmap.plumbing.layout import Layout
from modelmap.score.causal import check_causal
from modelmap.score.encoded import EncodedTexts, concatenated
from modelmap.score.identity import Identity
from modelmap.score.rule import Rule, adds_bos, encode_texts

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


class ScoredModel:
    """The files of a model with the identity of its scores; nothing is loaded yet."""

    def __init__(self, spec: ModelSpec, identity: Identity, layout: Layout, device: str) -> None:
        self.spec, self.identity, self.layout, self.device = spec, identity, layout, device

    def tokenizer(self) -> "tuple[PreTrainedTokenizerBase, int, int]":
        """Return the tokenizer, the most tokens that the model reads, and its vocabulary size.

        Raises UserError if the device cannot run the model, or if its files have changed since
        they were identified.
        """
        check_device(self.spec, self.device)
        directory = prepared_directory(self.spec, self.identity.revision, self.layout)
        adapter = adapter_directory(self.spec, self.layout)
        config = load_config(directory, self.spec)
        limit = maximum_length(config, self.spec.max_length)
        tokenizer = load_tokenizer(tokenizer_directory(directory, adapter), self.spec)
        self._check_unchanged()
        return tokenizer, limit, config.get_text_config().vocab_size

    def n_weights(self) -> int:
        """Return the number of weights in the model's files."""
        return count_weights(prepared_directory(self.spec, self.identity.revision, self.layout))

    def model(self) -> "PreTrainedModel":
        """Return the model. Raises UserError if it is not causal, or if its files have changed."""
        directory = prepared_directory(self.spec, self.identity.revision, self.layout)
        adapter = adapter_directory(self.spec, self.layout)
        loaded = load_model(directory, self.spec, self.device, adapter)
        # After loading: files that change while they are read are noticed too.
        self._check_unchanged()
        pack_where_faster(loaded)
        check_causal(loaded, self.spec)
        return loaded

    def _check_unchanged(self) -> None:
        check_unchanged(self.spec, self.identity.revision, self.identity.tokenizer, self.layout)


def encoded_texts(
    tokenizer: "PreTrainedTokenizerBase", texts: pd.DataFrame, rule: Rule, limit: int
) -> EncodedTexts:
    """Return the ids of all texts, of a table with the columns text and n_bytes."""
    ids = encode_texts(tokenizer, texts["text"].tolist(), rule, limit)
    return concatenated(ids, texts["n_bytes"].tolist(), adds_bos(tokenizer, rule))
