"""The results of the study coverage: a table of the pairs, and a summary over all pairs."""

from functools import partial

import numpy as np
import pandas as pd

from modelmap.divergence.interval import TARGET_POPULATION
from modelmap.divergence.kl import ROUNDING, bits_per_byte, nats_per_text, squared_distances
from modelmap.divergence.standard_error import StratifiedDocuments
from modelmap.matrix.file import LogLikelihoods
from modelmap.plumbing.arrays import Indices, Matrix, Vector
from modelmap.plumbing.parallel import parallel_map
from modelmap.plumbing.seeds import named_rng
from modelmap.studies.coverage.intervals import (
    INTERVALS,
    TRUTH,
    WITHIN,
    distribution,
    failing_pairs,
    largest_documents,
    sampled_pairs,
    simulate_population,
)
from modelmap.studies.coverage.settings import CoverageSettings

Runs = tuple[Matrix, Vector]
"""Means over samples of each pair, shape (P, 5), and of each document, shape (D,)."""


def pairs_of_different_models(matrix: LogLikelihoods, settings: CoverageSettings) -> Indices:
    """Return the pairs that are studied, as positions of models, shape (P, 2).

    Pairs of identical models are left out: their KL is 0 in every sample.
    """
    rng = named_rng(settings.seed, "coverage", "pairs")
    pairs = sampled_pairs(len(matrix.models), settings.max_pairs, rng)
    coordinates = matrix.coordinates()
    distances = [np.square(coordinates[i] - coordinates[j]).sum() for i, j in pairs]
    different: Indices = pairs[np.array(distances) > ROUNDING]
    return different


def sampled_populations(
    matrix: LogLikelihoods,
    stratified: StratifiedDocuments,
    pairs: Indices,
    settings: CoverageSettings,
    confidence: float,
    n_workers: int,
) -> Runs:
    """Return the means of simulate_population over all populations."""
    simulate = partial(_simulate, matrix.coordinates(), stratified, pairs, settings, confidence)
    runs = parallel_map(simulate, range(settings.n_populations), n_workers, "sampling populations")
    means, absent = (np.mean(values, axis=0) for values in zip(*runs, strict=True))
    return means, absent


def _simulate(
    coordinates: Matrix,
    stratified: StratifiedDocuments,
    pairs: Indices,
    settings: CoverageSettings,
    confidence: float,
    number: int,
) -> tuple[Matrix, Vector]:
    rng = named_rng(settings.seed, "coverage", "population", str(number))
    n_samples = settings.n_replications // settings.n_populations
    return simulate_population(
        coordinates, stratified, pairs, n_samples, settings.copies, confidence, rng
    )


def coverage_table(
    matrix: LogLikelihoods,
    stratified: StratifiedDocuments,
    pairs: Indices,
    runs: Runs,
    documents: np.ndarray,
) -> pd.DataFrame:
    """Return one row per pair with the columns of COVERAGE.

    `documents` are the names of the documents, in the order of their numbers.
    """
    means, absent = runs
    coordinates, names = matrix.coordinates(), np.asarray(matrix.models, dtype=object)
    nats = nats_per_text(squared_distances(coordinates), matrix.n_texts)
    first, second = pairs.T
    largest, share = largest_documents(coordinates, stratified, pairs)
    return pd.DataFrame(
        {
            "model_a": names[first],
            "model_b": names[second],
            "kl_bits_per_byte": bits_per_byte(nats, matrix.mean_bytes)[first, second],
            **dict(zip((*INTERVALS, "too_low"), means.T, strict=False)),
            "mean_width_bits_per_byte": bits_per_byte(means[:, -1], matrix.mean_bytes),
            "largest_document": documents[largest],
            "largest_share": share,
            "largest_absent": absent[largest],
        }
    )


def coverage_summary(
    table: pd.DataFrame,
    settings: CoverageSettings,
    confidence: float,
    stratified: StratifiedDocuments,
    matrix: LogLikelihoods,
) -> dict[str, object]:
    """Return the settings of the study and the distribution of coverage over pairs."""
    n_models = len(matrix.models)
    relative_width = table["mean_width_bits_per_byte"] / table["kl_bits_per_byte"]
    # The binomial standard error of a share, if the coverage is as stated.
    error = (confidence * (1 - confidence) / settings.n_replications) ** 0.5
    return {
        "truth": TRUTH,
        "intervals_cover": TARGET_POPULATION,
        "confidence": confidence,
        "within": WITHIN,
        "n_replications": settings.n_replications,
        "standard_error_of_a_coverage": round(error, 4),
        "n_populations": settings.n_populations,
        "n_documents": stratified.n_documents,
        "n_documents_of_a_population": settings.copies * stratified.n_documents,
        "n_strata": stratified.n_strata,
        "n_texts": matrix.n_texts,
        "n_pairs": len(table),
        "n_pairs_of_all_models": n_models * (n_models - 1) // 2,
        **{name: distribution(table[name], confidence) for name in INTERVALS},
        "mean_share_too_low": round(float(table["too_low"].mean()), 4),
        "median_relative_width": round(float(relative_width.median()), 3),
        **failing_pairs(table, confidence),
    }
