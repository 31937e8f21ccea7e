"""Study coverage: how often confidence intervals contain the KL of resampled populations."""

import pandas as pd

from modelmap.divergence.neighbours import sampled_pairs
from modelmap.divergence.settings import DivergenceSettings
from modelmap.divergence.standard_error import stratified_documents
from modelmap.matrix.file import read_matrix
from modelmap.matrix.segments_file import check_segments, read_segments
from modelmap.plumbing.files import write_json
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.seeds import named_rng
from modelmap.plumbing.tables import empty_table, read_table, write_csv
from modelmap.studies.coverage.pairs import pairs_of_different_models
from modelmap.studies.coverage.settings import CoverageSettings
from modelmap.studies.coverage.summary import (
    coverage_summary,
    coverage_table,
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
    divergence = read_section(layout, "divergence", DivergenceSettings)
    n_workers = load_hardware(layout.conf).n_workers
    matrix = read_matrix(layout.matrix)
    texts = read_table(layout.texts, TEXTS)
    check_text_set(texts["text"], matrix.text_set)
    segments = None
    if divergence.estimate == "mixture":
        segments = read_segments(layout.segments, layout.segment_table)
        check_segments(segments, matrix)
    by_category = read_section(layout, "texts", TextsSettings).by_category
    stratified = stratified_documents(texts, by_category)
    rng = named_rng(settings.seed, "coverage", "pairs")
    models = sampled_pairs(len(matrix.models), settings.max_pairs, rng)
    pairs = pairs_of_different_models(matrix, segments, models)
    if len(pairs.models) == 0:
        _write(layout, empty_table(COVERAGE), {"skipped": NO_PAIRS})
        return
    confidence = divergence.confidence
    outcome = sampled_populations(pairs, stratified, settings, confidence, n_workers)
    documents = pd.unique(texts["document_id"])
    table = coverage_table(pairs, stratified, outcome, matrix.models, documents)
    summary = coverage_summary(
        table, outcome.parts, settings, confidence, stratified, len(matrix.models)
    )
    _write(layout, table, {"estimate": divergence.estimate, **summary})


def _write(layout: Layout, table: pd.DataFrame, summary: dict[str, object]) -> None:
    write_csv(table, COVERAGE, layout.study("coverage", "csv"))
    write_json(layout.study("coverage", "json"), summary)
