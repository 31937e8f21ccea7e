"""The new model: finding its files, and scoring it on one text after another."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from modelmap.models.file import read_roster
from modelmap.models.hub import find_commit
from modelmap.models.source import revisions
from modelmap.models.spec import ModelSpec
from modelmap.placing.known import KnownModels
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.hardware import Hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.processes import silence_transformers
from modelmap.score.at_once import scored_at_once
from modelmap.score.encoded import EncodedTexts, check_ids
from modelmap.score.finite import check_finite
from modelmap.score.identity import Identity, identify
from modelmap.score.loading import ScoredModel, encoded_texts
from modelmap.score.settings import ScoreSettings
from modelmap.score.store import read_valid, write_scores
from modelmap.texts.segments import segment_bounds
from modelmap.texts.text_set import text_set_hash

if TYPE_CHECKING:
    from transformers import PreTrainedModel

NAME = "new-model"
GGUF = ".gguf"
CONFIGURATIONS = "config.json", "adapter_config.json"
KEPT_AFTER = 8
"""Scores are written after as many texts: an interruption loses no more than these."""


def model_spec(model: str, layout: Layout) -> ModelSpec:
    """Return the description of the model that the argument of the command names.

    It is the name of a model of roster.yaml, a GGUF file, a directory, or a hub id, in this order.
    """
    if layout.roster.is_file():
        for spec in read_roster(layout.roster):
            if spec.name == model and spec.source != "imported":
                return spec
    if not model:
        raise UserError("the name of the model is empty")
    path = Path(model)
    found: dict[str, Any] = {"source": "directory", "location": str(path.resolve())}
    if path.exists() or model.endswith(GGUF) or model.startswith((".", "/")):
        _check_path(path)
        found["source"] = "gguf" if model.endswith(GGUF) else "directory"
    else:
        commit, problem = find_commit(model)
        if problem:
            raise UserError(
                f"{model}: {problem}; give a directory, a GGUF file or a hub id, and check the "
                "network and HF_ENDPOINT"
            )
        found = {"source": "hub", "location": model, "revision": commit}
    return ModelSpec(name=NAME, family=NAME, kind=NAME, **found)


def _check_path(path: Path) -> None:
    """Raise UserError unless there is a GGUF file, or a directory with a configuration."""
    problem = None
    if not path.exists():
        problem = "does not exist"
    elif path.is_dir() and not any((path / name).is_file() for name in CONFIGURATIONS):
        problem = "has no config.json, so that it is not the directory of a model"
    elif not path.is_dir() and path.suffix != GGUF:
        problem = "is neither a directory nor a GGUF file"
    if problem:
        raise UserError(f"{path} {problem}: name a directory, a GGUF file or a hub id")


class NewModel:
    """Scores a model on the known models' texts, in their order, as many as are asked for.

    Finished scores are kept in a file of the git-ignored store, so that an interrupted command
    goes on where it stopped. The model is loaded only if a score is missing.
    """

    def __init__(
        self, spec: ModelSpec, known: KnownModels, layout: Layout, hardware: Hardware
    ) -> None:
        self.spec, self._known, self._hardware = spec, known, hardware
        revision, tokenizer = revisions(spec, layout)
        text_set = text_set_hash(known.texts["text"])
        scoring = ScoreSettings(rule=known.rule)
        self._identity: Identity = identify(spec, revision, tokenizer, scoring, text_set)
        self._files = ScoredModel(spec, self._identity, layout, hardware.device_of(0))
        self._encoded: tuple[EncodedTexts, int] | None = None
        self._model: PreTrainedModel | None = None
        self._path = layout.store / "place" / f"{self._identity.fingerprint}.parquet"
        kept = read_valid(self._path, self._identity.fingerprint)
        self._rows: list[pd.DataFrame] = [] if kept is None else [kept[0]]
        self._n_scored = 0 if kept is None else len(kept[0])

    def scores(self, n_texts: int) -> pd.DataFrame:
        """Return the scores of the first `n_texts` texts, with the columns of SCORES."""
        while self._n_scored < n_texts:
            stop = min(self._n_scored + KEPT_AFTER, n_texts)
            self._rows.append(self._scored(list(range(self._n_scored, stop))))
            self._n_scored = stop
            frame = pd.concat(self._rows, ignore_index=True)
            write_scores(frame, self._path, self._identity, {})
            self._rows = [frame]
        return pd.concat(self._rows, ignore_index=True).head(n_texts)

    def _scored(self, rows: list[int]) -> pd.DataFrame:
        encoded, budget = self._encoding()
        if self._model is None:
            self._model = self._files.model()
        texts = self._known.texts.iloc[rows]
        bounds = [segment_bounds(text) for text in texts["text"]]
        frame = scored_at_once(
            self._model, encoded, rows, texts["text_id"].tolist(), bounds, budget
        )
        check_finite(frame, self.spec)
        return frame

    def _encoding(self) -> tuple[EncodedTexts, int]:
        """Return the ids of all texts, and the most tokens of a forward pass."""
        if self._encoded is None:
            silence_transformers()
            tokenizer, limit, vocabulary = self._files.tokenizer()
            encoded = encoded_texts(tokenizer, self._known.texts, self._known.rule, limit)
            check_ids(encoded, vocabulary)
            budget = self._hardware.token_budget(vocabulary, self._files.n_weights())
            self._encoded = encoded, budget
        return self._encoded
