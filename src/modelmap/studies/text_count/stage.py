"""Study text_count: what smaller text sets would have given, and how many texts they need."""

import pandas as pd

from modelmap.divergence.kl import reason_if_identical
from modelmap.matrix.clip_centre import clipped, double_centred
from modelmap.matrix.file import read_matrix
from modelmap.plumbing.files import write_json
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import empty_table, write_csv
from modelmap.studies.text_count.settings import TextCountSettings
from modelmap.studies.text_count.summary import results_by_size, text_count_summary
from modelmap.studies.text_count.tables import TEXT_COUNT


def run(layout: Layout) -> None:
    """Write reports/studies/text_count.csv and text_count.json."""
    settings = read_section(layout, "text_count", TextCountSettings)
    matrix = read_matrix(layout.matrix)
    values = clipped(matrix.loglik_nats, matrix.clip_threshold)
    reason = reason_if_identical(double_centred(values))
    if reason is not None:
        _write(layout, empty_table(TEXT_COUNT), {"skipped": reason})
        return
    table = results_by_size(values, settings, load_hardware(layout.conf).n_workers)
    _write(layout, table, text_count_summary(table, settings, matrix.n_texts))


def _write(layout: Layout, table: pd.DataFrame, summary: dict[str, object]) -> None:
    write_csv(table, TEXT_COUNT, layout.study("text_count", "csv"))
    write_json(layout.study("text_count", "json"), summary)
