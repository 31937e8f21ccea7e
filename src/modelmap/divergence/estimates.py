"""KL estimates of all pairs with their intervals, by the papers' method and by the mixture."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from modelmap.divergence.interval import intervals
from modelmap.divergence.kl import bits_per_byte, nats_per_text, squared_distances
from modelmap.divergence.mixture import MixtureEstimates, mixture_estimates
from modelmap.divergence.neighbours import pair_table
from modelmap.divergence.standard_error import (
    StandardErrors,
    StratifiedDocuments,
    standard_errors,
)
from modelmap.divergence.tables import TEXT_IMPORTANCE
from modelmap.matrix.file import LogLikelihoods
from modelmap.matrix.segments_file import SegmentLogliks
from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.tables import empty_table

ONE_SIDED = "one-sided"
"""The warning about pairs of which the texts are like draws from one model, not from both."""
MAX_PREFERENCE = 0.6
"""Of a pair without a warning. Where the preference was above it, in pairs of a pretrained and a
barely trained model, the estimate was about 1.5 times the simulated KL (docs/experiments.md)."""


@dataclass(frozen=True)
class PairEstimates:
    """Estimates in bits per byte, and the ends of their intervals; each of shape (K, K)."""

    kl: Matrix
    standard_error: Matrix
    low: Matrix
    high: Matrix

    def columns(self, which: str = "") -> dict[str, Matrix]:
        """Return the estimates by the names of their columns in the table of pairs."""
        values = {"kl": self.kl, "se": self.standard_error, "low": self.low, "high": self.high}
        return {f"{name}_{which}bits_per_byte": value for name, value in values.items()}

    def spread(self, models: Sequence[str], others: Sequence[str]) -> "PairEstimates":
        """Return the estimates for the pairs of `others`, NaN where one is none of `models`."""
        places = np.array([list(others).index(name) for name in models])
        wide = np.full((4, len(others), len(others)), np.nan)
        wide[:, places[:, None], places] = self.kl, self.standard_error, self.low, self.high
        return PairEstimates(*wide)


def pair_estimates(
    matrix: LogLikelihoods,
    segments: SegmentLogliks | None,
    documents: StratifiedDocuments,
    confidence: float,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tables KL and TEXT_IMPORTANCE.

    With `segments` the first has all pairs of their models, by the mixture estimate, and the
    papers' estimate of those pairs of which both are in the matrix. Without them it has the pairs
    of the matrix, by the papers' estimate, and the second table is empty. Raises UserError that
    names the pairs of models with too few texts in common.
    """
    papers = papers_estimates(matrix, documents, confidence)
    if segments is None:
        shape = papers.kl.shape
        about = {"n_texts": np.full(shape, matrix.n_texts), "warning": np.full(shape, "")}
        columns = {**papers.columns(), **about, **papers.columns("papers_")}
        return pair_table(columns, matrix.models), empty_table(TEXT_IMPORTANCE)
    is_complete = np.isin(segments.models, matrix.models)
    mixture = mixture_estimates(
        segments.loglik_nats, segments.first, segments.n_bytes, documents, is_complete
    )
    _check_common_texts(mixture, segments.models)
    errors = StandardErrors(mixture.standard_error, mixture.degrees_of_freedom)
    ends = intervals(mixture.kl, errors, confidence)
    chosen = PairEstimates(mixture.kl, mixture.standard_error, *ends)
    about = {
        "n_texts": mixture.n_texts.astype(np.int64),
        "warning": np.where(mixture.preference > MAX_PREFERENCE, ONE_SIDED, ""),
    }
    importance = pd.DataFrame(
        {"text_id": np.arange(matrix.n_texts), "relative_residual": mixture.text_importance}
    )
    known = papers.spread(matrix.models, segments.models).columns("papers_")
    return pair_table({**chosen.columns(), **about, **known}, segments.models), importance


def _check_common_texts(mixture: MixtureEstimates, models: Sequence[str]) -> None:
    unknown = np.argwhere(np.triu(np.isnan(mixture.kl)))
    if len(unknown):
        raise UserError(
            "models without scored segments of texts from two documents in common: "
            f"{listed([f'{models[i]} and {models[j]}' for i, j in unknown])}; give them more texts "
            "in conf/models, or remove one of each"
        )


def papers_estimates(
    matrix: LogLikelihoods, documents: StratifiedDocuments, confidence: float
) -> PairEstimates:
    """Return the estimates of Oyama et al. 2025 (ACL), Equation 5, from whole texts.

    Clipped log-likelihoods and differences of whole texts enter, so that the estimates of models
    that are not close are much too large (docs/methods.md).
    """
    coordinates = matrix.coordinates()
    nats = nats_per_text(squared_distances(coordinates), matrix.n_texts)
    errors = standard_errors(coordinates, documents)
    low, high = intervals(nats, errors, confidence)
    values = (nats, errors.standard_error, low, high)
    return PairEstimates(*(bits_per_byte(value, matrix.mean_bytes) for value in values))
