"""Stage matrix: score files become one matrix, and a table of its models."""

import pandas as pd

from modelmap.errors import UserError, listed
from modelmap.files import write_json
from modelmap.layout import Layout
from modelmap.matrix.assemble import LN2, assembled, category_bits
from modelmap.matrix.clip_centre import Matrix as Values
from modelmap.matrix.clip_centre import clip_threshold
from modelmap.matrix.file import LogLikelihoods, read_matrix, write_matrix
from modelmap.matrix.settings import Matrix
from modelmap.models.file import read_roster
from modelmap.models.spec import ModelSpec
from modelmap.published.files import imported_file
from modelmap.published.settings import Imported, Section
from modelmap.schemas.scoring import CATEGORY_BITS, MODELS, TEXTS
from modelmap.scoring.store import Recorded, read_scores, recorded
from modelmap.section import read_section
from modelmap.tables import read_table, write_table
from modelmap.texts.text_set import text_set_hash

UNKNOWN_COUNTS: dict[str, int | None] = {"truncated_texts": None, "lossy_texts": None}
"""Of imported scores, which come without what was counted as they were made."""


def run(layout: Layout) -> None:
    """Write data/matrix.parquet, models.parquet, category_bits.parquet and their metrics."""
    settings = read_section(layout, "matrix", Matrix)
    specs = read_roster(layout.roster)
    texts = read_table(layout.texts, TEXTS)
    text_set = text_set_hash(texts["text"])
    imported = read_section(layout, "imported", Section).data
    if imported is None:
        scores, facts = _read_scores(specs, text_set, layout)
        values = assembled(scores, texts["text_id"].tolist())
        models, counts = _model_table(specs, facts), _counts(scores)
    else:
        values, models = _imported(imported, text_set, layout)
        counts = UNKNOWN_COUNTS
    matrix = LogLikelihoods(
        values,
        list(models["model"]),
        clip_threshold(values, settings.clip_quantile),
        float(texts["n_bytes"].mean()),
        text_set,
    )
    bits = category_bits(values, matrix.models, texts["category"], texts["n_bytes"])
    write_matrix(matrix, layout.matrix)
    write_table(models, MODELS, layout.models)
    write_table(bits, CATEGORY_BITS, layout.category_bits)
    write_json(layout.metrics("matrix"), _metrics(matrix, models, counts))


def _imported(imported: Imported, text_set: str, layout: Layout) -> tuple[Values, pd.DataFrame]:
    brought = read_matrix(imported_file(layout, imported, "matrix"))
    if brought.text_set != text_set:
        raise UserError("the imported matrix is not of texts.parquet: run `dvc repro texts`")
    return brought.loglik_nats, read_table(imported_file(layout, imported, "models"), MODELS)


def _read_scores(
    specs: list[ModelSpec], text_set: str, layout: Layout
) -> tuple[dict[str, pd.DataFrame], list[Recorded]]:
    scores: dict[str, pd.DataFrame] = {}
    facts: list[Recorded] = []
    wrong: list[str] = []
    if not specs:
        raise UserError("roster.yaml names no models: add some in conf/models")
    for spec in specs:
        path = layout.scores / spec.file_name
        if not path.is_file():
            wrong.append(f"{spec.name} has none")
            continue
        frame, metadata = read_scores(path)
        facts.append(recorded(metadata, path.name))
        if facts[-1].text_set != text_set:
            wrong.append(f"{spec.name} was scored on other texts")
        scores[spec.name] = frame
    if wrong:
        raise UserError(f"scores: {listed(wrong)}; run `dvc repro score`")
    return scores, facts


def _model_table(specs: list[ModelSpec], facts: list[Recorded]) -> pd.DataFrame:
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
        }
        for spec, fact in zip(specs, facts, strict=True)
    ]
    return pd.DataFrame(rows).astype({"parent": "str", "created": "str"})


def _counts(scores: dict[str, pd.DataFrame]) -> dict[str, int | None]:
    def total(column: str) -> int:
        return int(sum(frame[column].sum() for frame in scores.values()))

    n_scores = sum(len(frame) for frame in scores.values())
    return {"truncated_texts": total("truncated"), "lossy_texts": n_scores - total("lossless")}


def _metrics(
    matrix: LogLikelihoods, models: pd.DataFrame, counts: dict[str, int | None]
) -> dict[str, object]:
    bits = -matrix.loglik_nats.mean(axis=1) / (matrix.mean_bytes * LN2)
    return {
        "n_models": len(models),
        "n_families": int(models["family"].nunique()),
        "n_texts": matrix.n_texts,
        "mean_bytes": round(matrix.mean_bytes, 4),
        "clip_threshold_nats": round(matrix.clip_threshold, 3),
        "best_bits_per_byte": round(float(bits.min()), 4),
        "median_bits_per_byte": round(float(pd.Series(bits).median()), 4),
        **counts,
        "models_with_bos": int(models["added_bos"].sum()),
    }
