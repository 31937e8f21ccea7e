"""Study coverage: how often confidence intervals hold the KL of resampled populations."""

from functools import partial

import numpy as np
import pandas as pd

from modelmap.divergence.interval import COVERS
from modelmap.divergence.kl import bits_per_byte, nats_per_text, squared_distances
from modelmap.divergence.settings import DivergenceSettings
from modelmap.divergence.standard_error import Clusters, clustered
from modelmap.matrix.file import LogLikelihoods, read_matrix
from modelmap.plumbing.arrays import Indices, Matrix, Vector
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import write_json
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.parallel import each
from modelmap.plumbing.section import read_section
from modelmap.plumbing.seeds import named_rng
from modelmap.plumbing.tables import read_table, write_csv
from modelmap.studies.coverage.intervals import (
    INTERVALS,
    TRUTH,
    WITHIN,
    distribution,
    failing,
    largest_documents,
    one_population,
    some_pairs,
)
from modelmap.studies.coverage.settings import CoverageSettings
from modelmap.studies.coverage.tables import COVERAGE
from modelmap.texts.settings import TextsSettings
from modelmap.texts.tables import TEXTS
from modelmap.texts.text_set import check_text_set


def run(layout: Layout) -> None:
    """Write reports/studies/coverage.csv and .json."""
    settings = read_section(layout, "coverage", CoverageSettings)
    confidence = read_section(layout, "divergence", DivergenceSettings).confidence
    n_workers = load_hardware(layout.conf).n_workers
    matrix = read_matrix(layout.matrix)
    texts = read_table(layout.texts, TEXTS)
    check_text_set(texts["text"], matrix.text_set)
    clusters = clustered(texts, read_section(layout, "texts", TextsSettings).by_category)
    rng = named_rng(settings.seed, "coverage", "pairs")
    pairs = _apart(matrix, some_pairs(len(matrix.models), settings.max_pairs, rng))
    one = partial(_one_population, matrix.coordinates(), clusters, pairs, settings, confidence)
    runs = each(one, range(settings.n_populations), n_workers, "sampling populations")
    means, absent = (np.mean(values, axis=0) for values in zip(*runs, strict=True))
    documents = pd.unique(texts["document_id"])
    table = _table(matrix, clusters, pairs, means, absent, documents)
    write_csv(table, COVERAGE, layout.study("coverage", "csv"))
    summary = _summary(table, settings, confidence, clusters, matrix)
    write_json(layout.study("coverage", "json"), summary)


def _apart(matrix: LogLikelihoods, pairs: Indices) -> Indices:
    """Return the pairs of models that differ: between others nothing is estimated."""
    coordinates = matrix.coordinates()
    apart: Indices = pairs[[bool((coordinates[i] != coordinates[j]).any()) for i, j in pairs]]
    if not len(apart):
        raise UserError("no two models differ on any text: there is no interval to check")
    return apart


def _one_population(
    coordinates: Matrix,
    clusters: Clusters,
    pairs: Indices,
    settings: CoverageSettings,
    confidence: float,
    number: int,
) -> tuple[Matrix, Vector]:
    rng = named_rng(settings.seed, "coverage", "population", str(number))
    n_samples = settings.n_replications // settings.n_populations
    return one_population(coordinates, clusters, pairs, n_samples, settings.copies, confidence, rng)


def _table(
    matrix: LogLikelihoods,
    clusters: Clusters,
    pairs: Indices,
    means: Matrix,
    absent: Vector,
    documents: np.ndarray,
) -> pd.DataFrame:
    coordinates, names = matrix.coordinates(), np.asarray(matrix.models, dtype=object)
    nats = nats_per_text(squared_distances(coordinates), matrix.n_texts)
    first, second = pairs.T
    number, share = largest_documents(coordinates, clusters, pairs)
    return pd.DataFrame(
        {
            "model_a": names[first],
            "model_b": names[second],
            "kl_bits_per_byte": bits_per_byte(nats, matrix.mean_bytes)[first, second],
            **dict(zip((*INTERVALS, "too_low"), means.T, strict=False)),
            "mean_width_bits_per_byte": bits_per_byte(means[:, -1], matrix.mean_bytes),
            "largest_document": documents[number],
            "largest_share": share,
            "largest_absent": absent[number],
        }
    )


def _summary(
    table: pd.DataFrame,
    settings: CoverageSettings,
    confidence: float,
    clusters: Clusters,
    matrix: LogLikelihoods,
) -> dict[str, object]:
    n_models = len(matrix.models)
    relative_width = table["mean_width_bits_per_byte"] / table["kl_bits_per_byte"]
    error = (confidence * (1 - confidence) / settings.n_replications) ** 0.5
    return {
        "truth": TRUTH,
        "intervals_cover": COVERS,
        "confidence": confidence,
        "within": WITHIN,
        "n_replications": settings.n_replications,
        "standard_error_of_a_coverage": round(error, 4),
        "n_populations": settings.n_populations,
        "n_documents": clusters.n_documents,
        "n_documents_of_a_population": settings.copies * clusters.n_documents,
        "n_strata": clusters.n_strata,
        "n_texts": matrix.n_texts,
        "n_pairs": len(table),
        "n_pairs_of_all_models": n_models * (n_models - 1) // 2,
        **{name: distribution(table[name], confidence) for name in INTERVALS},
        "mean_share_too_low": round(float(table["too_low"].mean()), 4),
        "median_relative_width": round(float(relative_width.median()), 3),
        **failing(table, confidence),
    }
