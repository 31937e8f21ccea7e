"""Study coverage: how often confidence intervals contain the KL of resampled populations."""

import pandas as pd

from modelmap.divergence.settings import DivergenceSettings
from modelmap.divergence.standard_error import stratified_documents
from modelmap.matrix.file import read_matrix
from modelmap.plumbing.files import write_json
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import empty_table, read_table, write_csv
from modelmap.studies.coverage.settings import CoverageSettings
from modelmap.studies.coverage.summary import (
    coverage_summary,
    coverage_table,
    pairs_of_different_models,
    sampled_populations,
)
from modelmap.studies.coverage.tables import COVERAGE
from modelmap.texts.settings import TextsSettings
from modelmap.texts.tables import TEXTS
from modelmap.texts.text_set import check_text_set

NO_PAIRS = "needs pairs of models that differ, and there are none among those studied"


def run(layout: Layout) -> None:
    """Write reports/studies/coverage.csv and coverage.json."""
    settings = read_section(layout, "coverage", CoverageSettings)
    confidence = read_section(layout, "divergence", DivergenceSettings).confidence
    n_workers = load_hardware(layout.conf).n_workers
    matrix = read_matrix(layout.matrix)
    texts = read_table(layout.texts, TEXTS)
    check_text_set(texts["text"], matrix.text_set)
    stratified = stratified_documents(
        texts, read_section(layout, "texts", TextsSettings).by_category
    )
    pairs = pairs_of_different_models(matrix, settings)
    if len(pairs) == 0:
        _write(layout, empty_table(COVERAGE), {"skipped": NO_PAIRS})
        return
    runs = sampled_populations(matrix, stratified, pairs, settings, confidence, n_workers)
    documents = pd.unique(texts["document_id"])
    table = coverage_table(matrix, stratified, pairs, runs, documents)
    _write(layout, table, coverage_summary(table, settings, confidence, stratified, matrix))


def _write(layout: Layout, table: pd.DataFrame, summary: dict[str, object]) -> None:
    write_csv(table, COVERAGE, layout.study("coverage", "csv"))
    write_json(layout.study("coverage", "json"), summary)
