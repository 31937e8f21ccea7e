"""Study few_texts: the errors of the KLs of pretrained models from few texts."""

import numpy as np
import pandas as pd

from modelmap.divergence.mixture import pair_sums
from modelmap.matrix.clip_centre import clipped, double_centred
from modelmap.matrix.file import LogLikelihoods, read_matrix
from modelmap.matrix.segments_file import SegmentLogliks
from modelmap.matrix.settings import MatrixSettings
from modelmap.models.file import read_roster
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.arrays import Matrix, Vector
from modelmap.plumbing.files import write_json
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import empty_table, read_table, write_csv
from modelmap.resample.pair_terms import PairTerms
from modelmap.score.run import score_all
from modelmap.score.stage import job_list_of
from modelmap.score.store import read_scores
from modelmap.studies.few_texts.categories import category_differences
from modelmap.studies.few_texts.clipping import clipping_of_descendants
from modelmap.studies.few_texts.errors import Model, few_text_errors
from modelmap.studies.few_texts.scores import with_all_texts
from modelmap.studies.few_texts.settings import FewTextsSettings
from modelmap.studies.few_texts.summary import few_texts_summary
from modelmap.studies.few_texts.tables import FEW_TEXTS, FEW_TEXTS_CATEGORIES
from modelmap.texts.tables import TEXTS


def run(layout: Layout) -> None:
    """Write data/few_texts, and in reports/studies few_texts.csv, few_texts.json and the table
    few_texts_categories.csv.
    """
    settings = read_section(layout, "few_texts", FewTextsSettings)
    specs = [
        spec.model_copy(update={"texts": None})
        for spec in read_roster(layout.roster)
        if (spec.base or spec).kind in settings.kinds and spec.source != "imported"
    ]
    score_all(job_list_of(specs, layout), folder=layout.few_texts)
    matrix = read_matrix(layout.matrix)
    names = {spec.name for spec in specs}
    others = [name for name in matrix.models if name not in names]
    if not specs or len(others) < 2:
        reason = f"needs models of kind {' or '.join(settings.kinds)}, and two others on all texts"
        tables = empty_table(FEW_TEXTS), empty_table(FEW_TEXTS_CATEGORIES)
        _write(layout, *tables, {"skipped": reason})
        return
    segments = with_all_texts(specs, others, layout)
    loglik_nats = np.stack([_log_likelihoods(spec, layout) for spec in specs])
    coordinates = _coordinates(loglik_nats, others, matrix)
    sizes = [n for n in settings.sizes if n < matrix.n_texts]
    models = [
        _model(i, spec.name, segments, coordinates)
        for i, spec in enumerate(specs, start=len(others))
    ]
    known = coordinates[: len(others)]
    found = [
        few_text_errors(model, known, sizes, settings.n_samples, settings.seed) for model in models
    ]
    table = pd.concat(found, ignore_index=True)
    summary = few_texts_summary(table, models, matrix.mean_bytes)
    texts = read_table(layout.texts, TEXTS)
    originals = [i for i, spec in enumerate(specs) if spec.base is None]
    categories = category_differences([models[i] for i in originals], loglik_nats[originals], texts)
    quantile = read_section(layout, "matrix", MatrixSettings).clip_quantile
    clipping = clipping_of_descendants(specs, models, loglik_nats, matrix.mean_bytes, quantile)
    _write(layout, table, categories, {**summary, "descendants_bits_per_byte": clipping})


def _log_likelihoods(spec: ModelSpec, layout: Layout) -> Vector:
    """Return the log-likelihood vector of a model in nats, in the order of the texts."""
    scores, _ = read_scores(layout.few_texts / spec.file_name)
    vector: Vector = scores.sort_values("text_id")["loglik_nats"].to_numpy()
    return vector


def _coordinates(loglik_nats: Matrix, others: list[str], matrix: LogLikelihoods) -> Matrix:
    """Return the papers' coordinates of all models, those of `others` first."""
    rows = [matrix.loglik_nats[matrix.models.index(name)] for name in others]
    return double_centred(clipped(np.stack([*rows, *loglik_nats]), matrix.clip_threshold))


def _model(position: int, name: str, segments: SegmentLogliks, coordinates: Matrix) -> Model:
    values = segments.loglik_nats
    others = np.delete(np.arange(len(values)), position)
    pairs = np.stack([np.full(len(others), position), others], axis=1)
    terms, n_bytes = pair_sums(values, segments.first, segments.n_bytes, pairs)
    return Model(name, position, PairTerms(terms, n_bytes), coordinates)


def _write(
    layout: Layout, table: pd.DataFrame, categories: pd.DataFrame, summary: dict[str, object]
) -> None:
    write_csv(table, FEW_TEXTS, layout.study("few_texts", "csv"))
    write_csv(categories, FEW_TEXTS_CATEGORIES, layout.study("few_texts_categories", "csv"))
    write_json(layout.study("few_texts", "json"), summary)
