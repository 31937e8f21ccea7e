"""Study place_eval: the errors of placing models that the map does not know."""

from functools import partial

import numpy as np
import pandas as pd

from modelmap.divergence.mixture import text_sums
from modelmap.matrix.segments_file import read_segments
from modelmap.matrix.tables import MODELS
from modelmap.plumbing.files import write_json
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.parallel import parallel_map
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import empty_table, read_table, write_csv
from modelmap.studies.place_eval.held_out import Known, error_table, sample_errors
from modelmap.studies.place_eval.settings import PlaceEvalSettings
from modelmap.studies.place_eval.tables import PLACE_EVAL

FEWEST_MODELS, MOST_MODELS = 4, 200
"""With more models the sums by text of all pairs would not fit into memory."""


def run(layout: Layout) -> None:
    """Write reports/studies/place_eval.csv and place_eval.json."""
    settings = read_section(layout, "place_eval", PlaceEvalSettings)
    segments = read_segments(layout.segments, layout.segment_table)
    models = read_table(layout.models, MODELS).set_index("model")
    has_all = models.loc[segments.models, "n_texts"] == len(segments.first)
    segments = segments.of([name for name in segments.models if has_all[name]])
    n_models, sizes = len(segments.models), [n for n in settings.sizes if n <= len(segments.first)]
    if not FEWEST_MODELS <= n_models <= MOST_MODELS or not sizes:
        reason = f"needs {FEWEST_MODELS} to {MOST_MODELS} scored models, and there are {n_models}"
        _write(layout, empty_table(PLACE_EVAL), {"skipped": reason})
        return
    values = np.asarray(segments.loglik_nats)
    sums = text_sums(values, values, segments.first, segments.n_bytes)
    known = Known(sums.terms, sums.n_bytes, models.loc[segments.models, "family"].tolist())
    samples = range(settings.n_samples)
    one = partial(sample_errors, known, sizes, settings.seed)
    table = error_table(
        parallel_map(one, samples, load_hardware(layout.conf).n_workers, "placing models")
    )
    _write(layout, table, _summary(table))


def _summary(table: pd.DataFrame) -> dict[str, object]:
    return {
        kind: {
            f"{row.n_texts}_texts": {
                "plain_error": round(row.plain_error, 3),
                "error": round(row.error, 3),
                "coverage": round(row.coverage, 3),
                "nearest": round(row.nearest, 3),
            }
            for row in rows.itertuples()
        }
        for kind, rows in table.groupby("held_out", sort=False)
    }


def _write(layout: Layout, table: pd.DataFrame, summary: dict[str, object]) -> None:
    write_csv(table, PLACE_EVAL, layout.study("place_eval", "csv"))
    write_json(layout.study("place_eval", "json"), summary)
