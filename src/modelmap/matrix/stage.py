"""Stage matrix: assemble the log-likelihood matrix and the table of the models."""

import numpy as np
import pandas as pd

from modelmap.matrix.assemble import LN2, category_bits
from modelmap.matrix.clip_centre import clip_threshold
from modelmap.matrix.file import LogLikelihoods, write_matrix
from modelmap.matrix.rows import Rows, read_rows
from modelmap.matrix.segments import imported_segments, segment_rows, segment_table
from modelmap.matrix.segments_file import write_segments
from modelmap.matrix.settings import MatrixSettings
from modelmap.matrix.tables import CATEGORY_BITS, MODELS, SEGMENTS
from modelmap.models.file import read_roster
from modelmap.plumbing.files import write_json
from modelmap.plumbing.imported import ImportedSection
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import read_table, write_table
from modelmap.texts.tables import TEXTS
from modelmap.texts.text_set import text_set_hash


def run(layout: Layout) -> None:
    """Write data/matrix.parquet, segments.*, models.parquet, category_bits.parquet and metrics."""
    settings = read_section(layout, "matrix", MatrixSettings)
    imported = read_section(layout, "imported", ImportedSection).data
    texts = read_table(layout.texts, TEXTS)
    specs = read_roster(layout.roster)
    rows = read_rows(specs, texts, imported, layout)
    is_complete = (rows.models["n_texts"] == len(texts)).to_numpy()
    complete = rows.loglik_nats[is_complete]
    matrix = LogLikelihoods(
        complete,
        list(rows.models["model"][is_complete]),
        clip_threshold(complete, settings.clip_quantile),
        float(texts["n_bytes"].mean()),
        text_set_hash(texts["text"]),
    )
    everyone = list(rows.models["model"])
    bits = category_bits(rows.loglik_nats, everyone, texts["category"], texts["n_bytes"])
    segments = segment_table(texts)
    brought = imported_segments(imported, segments, layout)
    with_segments = [spec for spec in specs if spec.source != "imported" or brought is not None]
    names = [spec.name for spec in with_segments]
    values = segment_rows(with_segments, segments, brought, layout.scores)
    # Scores are read while segments are written. If they are refused, earlier tables stay.
    write_segments(values, names, len(segments), matrix.text_set, layout.segments)
    write_table(segments, SEGMENTS, layout.segment_table)
    write_matrix(matrix, layout.matrix)
    write_table(rows.models, MODELS, layout.models)
    write_table(bits, CATEGORY_BITS, layout.category_bits)
    write_json(layout.metrics("matrix"), _metrics(matrix, rows, texts["n_bytes"]))


def _metrics(matrix: LogLikelihoods, rows: Rows, n_bytes: pd.Series) -> dict[str, object]:
    total_bytes = ~np.isnan(rows.loglik_nats) @ n_bytes.to_numpy(dtype=np.float64)
    bits = -np.nansum(rows.loglik_nats, axis=1) / (total_bytes * LN2)
    return {
        "n_models": len(rows.models),
        "n_models_with_all_texts": len(matrix.models),
        "n_families": int(rows.models["family"].nunique()),
        "n_texts": matrix.n_texts,
        "mean_bytes": round(matrix.mean_bytes, 4),
        "clip_threshold_nats": round(matrix.clip_threshold, 3),
        "best_bits_per_byte": round(float(bits.min()), 4),
        "median_bits_per_byte": round(float(pd.Series(bits).median()), 4),
        "truncated_texts": rows.truncated_texts,
        "lossy_texts": rows.lossy_texts,
        "models_with_bos": int(rows.models["added_bos"].sum()),
    }
