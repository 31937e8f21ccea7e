"""The log-likelihood vectors of the models of the roster, and the table of the models.

A model was either scored in this project, and then has a score file, or imported, and then is a
column of the imported matrix.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from modelmap.matrix.assemble import assembled
from modelmap.matrix.file import read_matrix
from modelmap.matrix.tables import IMPORTED_MODELS
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.imported import Imported, imported_file
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_table
from modelmap.score.store import Recorded, read_index, read_scores, recorded
from modelmap.texts.text_set import check_text_set, text_set_hash


@dataclass(frozen=True)
class Rows:
    """The log-likelihood vectors of some models, and what is known about these models."""

    loglik_nats: Matrix
    """Shape (K, N), in nats; NaN where a model is not scored on a text."""
    models: pd.DataFrame
    """The table of the models, of the schema MODELS."""
    truncated_texts: int | None
    """Pairs of a model and a text that was truncated; None if no model was scored here."""
    lossy_texts: int | None
    """Pairs of a model and a text that its tokenizer alters; None if no model was scored here."""


def read_rows(
    specs: Sequence[ModelSpec], texts: pd.DataFrame, imported: Imported | None, layout: Layout
) -> Rows:
    """Return the rows of the models `specs`, in their order, for all `texts`.

    Raises UserError that lists the models without scores or with scores of other texts.
    """
    if all(spec.texts is not None for spec in specs):
        raise UserError("roster.yaml names no models with all texts: add some in conf/models")
    scored_specs = [spec for spec in specs if spec.source != "imported"]
    imported_specs = [spec for spec in specs if spec.source == "imported"]
    scored = _scored(scored_specs, texts, layout) if scored_specs else None
    others = _imported(imported_specs, texts, imported, layout) if imported_specs else None
    both = [rows for rows in (scored, others) if rows is not None]
    models = pd.concat([rows.models for rows in both], ignore_index=True)
    # Scored and imported models may alternate in the roster, whose order the matrix has.
    position = {name: i for i, name in enumerate(models["model"])}
    order = [position[spec.name] for spec in specs]
    values = np.concatenate([rows.loglik_nats for rows in both])[order]
    counts = (scored.truncated_texts, scored.lossy_texts) if scored else (None, None)
    return Rows(values, models.iloc[order].reset_index(drop=True), *counts)


def _scored(specs: Sequence[ModelSpec], texts: pd.DataFrame, layout: Layout) -> Rows:
    scores, facts = _read_score_files(specs, texts, layout)
    frames = list(scores.values())
    on_some_texts = {spec.name for spec in specs if spec.texts is not None}
    return Rows(
        assembled(scores, texts["text_id"].tolist(), on_some_texts),
        _model_table(specs, facts, [len(frame) for frame in frames]),
        int(sum(frame["truncated"].sum() for frame in frames)),
        int(sum((~frame["lossless"]).sum() for frame in frames)),
    )


def _read_score_files(
    specs: Sequence[ModelSpec], texts: pd.DataFrame, layout: Layout
) -> tuple[dict[str, pd.DataFrame], list[Recorded]]:
    scores: dict[str, pd.DataFrame] = {}
    facts: list[Recorded] = []
    wrong: list[str] = []
    text_set = text_set_hash(texts["text"])
    fingerprints = read_index(layout.scores)
    for spec in specs:
        path = layout.scores / spec.file_name
        if not path.is_file():
            wrong.append(f"{spec.name} has none")
            continue
        frame, metadata = read_scores(path)
        if metadata["fingerprint"] != fingerprints.get(spec.file_name):
            wrong.append(f"{spec.name} has those of another model")
        facts.append(recorded(metadata, path.name))
        there = texts["text_id"].isin(frame["text_id"])
        is_some = spec.texts is not None and there.sum() == min(spec.texts, len(texts))
        expected = text_set_hash(texts["text"][there]) if is_some else text_set
        if facts[-1].text_set != expected:
            wrong.append(f"{spec.name} was scored on other texts")
        # Segments are read one model at a time, because of all models they need much memory.
        scores[spec.name] = frame.drop(columns="segments_nats")
    if wrong:
        raise UserError(f"scores: {listed(wrong)}; run `dvc repro score`")
    return scores, facts


def _model_table(
    specs: Sequence[ModelSpec], facts: Sequence[Recorded], n_texts: Sequence[int]
) -> pd.DataFrame:
    rows = [
        {
            "model": spec.name,
            "family": spec.family,
            "parent": spec.parent,
            "kind": spec.kind,
            "created": spec.created.isoformat() if spec.created else None,
            "n_params": fact.n_params,
            "dtype": spec.dtype,
            "revision": fact.revision,
            "added_bos": fact.added_bos,
            "n_texts": number,
        }
        for spec, fact, number in zip(specs, facts, n_texts, strict=True)
    ]
    # A column that has no value at all would not be one of text.
    return pd.DataFrame(rows).astype({"parent": "str", "created": "str"})


def _imported(
    specs: Sequence[ModelSpec], texts: pd.DataFrame, imported: Imported | None, layout: Layout
) -> Rows:
    if imported is None:
        raise UserError("roster.yaml has imported models, and nothing is imported: `dvc repro`")
    matrix = read_matrix(imported_file(layout, imported, "matrix"))
    check_text_set(texts["text"], matrix.text_set, "the imported matrix")
    models = read_table(imported_file(layout, imported, "models"), IMPORTED_MODELS)
    position = {name: i for i, name in enumerate(matrix.models)}
    unknown = [spec.name for spec in specs if spec.name not in position]
    if unknown:
        raise UserError(f"models that were not imported: {listed(unknown)}; correct conf/models")
    order = [position[spec.name] for spec in specs]
    table = models.iloc[order].assign(n_texts=matrix.n_texts)
    return Rows(matrix.loglik_nats[order], table, None, None)
