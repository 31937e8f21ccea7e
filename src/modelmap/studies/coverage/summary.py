"""The results of the study coverage: a table of the pairs, and a summary over all pairs."""

from functools import partial

import numpy as np
import pandas as pd

from modelmap.divergence.interval import TARGET_POPULATION
from modelmap.divergence.standard_error import StratifiedDocuments
from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.parallel import parallel_map
from modelmap.plumbing.seeds import named_rng
from modelmap.studies.coverage.intervals import (
    INTERVALS,
    TRUTH,
    WITHIN,
    Outcome,
    distribution,
    failing_pairs,
    largest_documents,
    simulate_population,
)
from modelmap.studies.coverage.pairs import Pairs
from modelmap.studies.coverage.settings import CoverageSettings


def sampled_populations(
    pairs: Pairs,
    stratified: StratifiedDocuments,
    settings: CoverageSettings,
    confidence: float,
    n_workers: int,
) -> Outcome:
    """Return the means over all populations."""
    simulate = partial(_simulate, pairs, stratified, settings, confidence)
    runs = parallel_map(simulate, range(settings.n_populations), n_workers, "sampling populations")
    return Outcome(
        np.mean([run.pairs for run in runs], axis=0),
        np.mean([run.parts for run in runs], axis=0),
        np.mean([run.absent for run in runs], axis=0),
    )


def _simulate(
    pairs: Pairs,
    stratified: StratifiedDocuments,
    settings: CoverageSettings,
    confidence: float,
    number: int,
) -> Outcome:
    rng = named_rng(settings.seed, "coverage", "population", str(number))
    n_samples = settings.n_replications // settings.n_populations
    sizes = settings.part_sizes(len(stratified.document_of_text))
    return simulate_population(
        pairs, stratified, n_samples, settings.copies, sizes, confidence, rng
    )


def coverage_table(
    pairs: Pairs,
    stratified: StratifiedDocuments,
    outcome: Outcome,
    models: list[str],
    documents: np.ndarray,
) -> pd.DataFrame:
    """Return one row per pair with the columns of COVERAGE.

    `documents` are the names of the documents, in the order of their numbers.
    """
    names = np.asarray(models, dtype=object)[pairs.models]
    largest, share = largest_documents(pairs, stratified)
    columns = (*INTERVALS, "too_low", "mean_width_bits_per_byte")
    return pd.DataFrame(
        {
            "model_a": names[:, 0],
            "model_b": names[:, 1],
            "kl_bits_per_byte": pairs.estimates(stratified).kl,
            **dict(zip(columns, outcome.pairs.T, strict=True)),
            "largest_document": documents[largest],
            "largest_share": share,
            "largest_absent": outcome.absent[largest],
        }
    )


def coverage_summary(
    table: pd.DataFrame,
    parts: Matrix,
    settings: CoverageSettings,
    confidence: float,
    stratified: StratifiedDocuments,
    n_models: int,
) -> dict[str, object]:
    """Return the settings of the study and the distribution of coverage over pairs.

    `parts` are those of the Outcome.
    """
    n_texts = len(stratified.document_of_text)
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
        "n_texts": n_texts,
        "n_pairs": len(table),
        "n_pairs_of_all_models": n_models * (n_models - 1) // 2,
        **{name: distribution(table[name], confidence) for name in INTERVALS},
        "mean_share_too_low": round(float(table["too_low"].mean()), 4),
        "median_relative_width": round(float(relative_width.median()), 3),
        "scored_on_part_of_the_texts": {
            f"{100 * share:g}_percent": {
                "n_texts": size,
                **distribution(pd.Series(coverage), confidence),
            }
            for share, size, coverage in zip(
                settings.part_shares, settings.part_sizes(n_texts), parts, strict=True
            )
        },
        **failing_pairs(table, confidence),
    }
