"""The new model: finding its files, and scoring it on one text after another."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from modelmap.models.file import read_roster
from modelmap.models.hub import commit_of
from modelmap.models.load import load_config, load_model, load_tokenizer, maximum_length
from modelmap.models.prepare import prepared_directory
from modelmap.models.source import revisions
from modelmap.models.spec import ModelSpec
from modelmap.models.weights import count_weights
from modelmap.place.known import KnownModels
from modelmap.plumbing.hardware import Hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.processes import silence_transformers
from modelmap.score.causal import check_causal
from modelmap.score.encoded import EncodedTexts, concatenated
from modelmap.score.identity import Identity, identify
from modelmap.score.loglik import token_log_likelihoods
from modelmap.score.rule import adds_bos, encode_texts
from modelmap.score.segment_sums import segment_sums
from modelmap.score.settings import ScoreSettings
from modelmap.score.store import read_valid, write_scores
from modelmap.texts.segments import segment_bounds
from modelmap.texts.text_set import text_set_hash

if TYPE_CHECKING:
    from transformers import PreTrainedModel

NAME = "new-model"
GGUF = ".gguf"


def model_spec(model: str, layout: Layout) -> ModelSpec:
    """Return the description of the model that the argument of the command names.

    It is the name of a model of roster.yaml, a GGUF file, a directory, or a hub id, in this order.
    """
    if layout.roster.is_file():
        for spec in read_roster(layout.roster):
            if spec.name == model and spec.source != "imported":
                return spec
    path = Path(model)
    found: dict[str, Any] = {"source": "directory", "location": str(path.resolve())}
    if model.endswith(GGUF):
        found["source"] = "gguf"
    elif not (path.exists() or model.startswith((".", "/"))):
        found = {"source": "hub", "location": model, "revision": commit_of(model)}
    return ModelSpec(name=NAME, family=NAME, kind=NAME, **found)


class NewModel:
    """Scores a model on the known models' texts, in their order, as many as are asked for.

    Finished scores are kept in a file of the git-ignored store, so that an interrupted command
    goes on where it stopped. The model is loaded only if a score is missing.
    """

    def __init__(
        self, spec: ModelSpec, known: KnownModels, layout: Layout, hardware: Hardware
    ) -> None:
        self.spec, self._known, self._layout, self._hardware = spec, known, layout, hardware
        revision, tokenizer = revisions(spec, layout)
        text_set = text_set_hash(known.texts["text"])
        scoring = ScoreSettings(rule=known.rule)
        self._identity: Identity = identify(spec, revision, tokenizer, scoring, text_set)
        self._directory = prepared_directory(spec, revision, layout)
        self._encoded: EncodedTexts | None = None
        self._model: PreTrainedModel | None = None
        self._path = layout.store / "place" / f"{self._identity.fingerprint}.parquet"
        kept = read_valid(self._path, self._identity.fingerprint)
        self._rows: list[pd.DataFrame] = [] if kept is None else [kept[0]]
        self._n_scored = 0 if kept is None else len(kept[0])

    def scores(self, n_texts: int) -> pd.DataFrame:
        """Return the scores of the first `n_texts` texts, with the columns of SCORES."""
        missing = range(self._n_scored, n_texts)
        if missing:
            self._rows.append(self._scored(list(missing)))
            self._n_scored = n_texts
            frame = pd.concat(self._rows, ignore_index=True)
            write_scores(frame, self._path, self._identity, {})
            self._rows = [frame]
        return pd.concat(self._rows, ignore_index=True).head(n_texts)

    def _scored(self, rows: list[int]) -> pd.DataFrame:
        model, encoded = self._loaded(), self._encoding()
        weights = count_weights(self._directory)
        budget = self._hardware.token_budget(model.config.get_text_config().vocab_size, weights)
        found = token_log_likelihoods(model, [encoded.sequence(row) for row in rows], budget)
        texts = self._known.texts["text"]
        return pd.DataFrame(
            {
                "text_id": self._known.texts["text_id"].to_numpy()[rows],
                "loglik_nats": found.totals,
                "n_tokens": np.maximum(encoded.lengths[rows] - 1, 0),
                "truncated": encoded.truncated[rows],
                "lossless": encoded.lossless[rows],
                "scored_from": [encoded.scored_bytes(row)[0] for row in rows],
                "scored_to": [encoded.scored_bytes(row)[1] for row in rows],
                "segments_nats": [
                    segment_sums(tokens, encoded.byte_ends(row), segment_bounds(texts[row]))
                    for row, tokens in zip(rows, found.tokens, strict=True)
                ],
            }
        )

    def _loaded(self) -> "PreTrainedModel":
        if self._model is None:
            silence_transformers()
            self._model = load_model(self._directory, self.spec, self._hardware.device_of(0))
            check_causal(self._model, self.spec)
        return self._model

    def _encoding(self) -> EncodedTexts:
        if self._encoded is None:
            tokenizer = load_tokenizer(self._directory, self.spec)
            limit = maximum_length(load_config(self._directory, self.spec), self.spec.max_length)
            texts, rule = self._known.texts, self._known.rule
            ids = encode_texts(tokenizer, texts["text"].tolist(), rule, limit)
            self._encoded = concatenated(ids, texts["n_bytes"].tolist(), adds_bos(tokenizer, rule))
        return self._encoded
