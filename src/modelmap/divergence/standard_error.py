"""Standard errors of KL estimates, with documents as the independent units.

The papers give no standard errors. These are the usual ones of survey statistics for a stratified
sample of clusters, where a cluster is a document and its elements are texts.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from modelmap.divergence.kl import LN2
from modelmap.plumbing.arrays import Indices, Mask, Matrix, Vector
from modelmap.plumbing.errors import UserError

MODELS_PER_BLOCK = 32
"""Small enough that with 10,000 texts the block stays in the processor's cache."""


@dataclass(frozen=True)
class StratifiedDocuments:
    """The document of each of N texts, and the stratum of each of D documents.

    Documents and strata are numbered from 0. A stratum is a group of documents from which a fixed
    number of texts was drawn.
    """

    document_of_text: Indices
    """Shape (N,)."""
    stratum_of_document: Indices
    """Shape (D,)."""

    @property
    def n_documents(self) -> int:
        return len(self.stratum_of_document)

    @property
    def n_strata(self) -> int:
        return int(self.stratum_of_document.max()) + 1

    @cached_property
    def _indicators(self) -> tuple[csr_matrix, csr_matrix]:
        """Matrices that sum texts by document, shape (D, N), and documents by stratum, (H, D)."""
        return (
            _indicator(self.document_of_text, self.n_documents),
            _indicator(self.stratum_of_document, self.n_strata),
        )

    def variance_terms(self, terms: Matrix) -> Matrix:
        """Return v_d = D_h / (D_h - 1) z_d^2 for each document d, shape (D, P).

        `terms`, shape (N, P), are the values of N texts whose P means are estimated. z_d is the
        sum, over the texts of document d, of their terms minus the mean term of stratum h, which
        contains D_h documents including d. The variance of a mean is estimated by sum_d v_d / N^2.
        """
        to_documents, to_strata = self._indicators
        n_texts = np.bincount(self.document_of_text)[:, None]
        n_documents = np.bincount(self.stratum_of_document)[:, None]
        totals = to_documents @ terms
        # The mean over the texts of a stratum, not over its documents: a document with more texts
        # has a larger expected total.
        means = (to_strata @ totals) / (to_strata @ n_texts)
        # As ddof 1 does in a variance, this makes up for the mean that is estimated from the same
        # documents.
        correction = (n_documents / (n_documents - 1))[self.stratum_of_document]
        deviations = totals - n_texts * means[self.stratum_of_document]
        variance: Matrix = correction * np.square(deviations)
        return variance

    def errors(self, terms: Matrix, n_documents: Indices | None = None) -> "StandardErrors":
        """Return the standard errors of P means over texts, and their degrees of freedom, (P,).

        `terms`, shape (N, P), are the values of the texts. With v_d as `variance_terms` returns
        them, and V = sum_d v_d, the standard errors are sqrt(V) / N, and the degrees of freedom
        2 / (sum_d v_d^2 / V^2 - 1 / D), and D - H at most with D documents in H strata. They are
        few if a few documents contribute most of V.

        `n_documents`, shape (P,), are the numbers of documents with values, if all texts of the
        others have the value 0. Then this number n replaces D, and the degrees of freedom are n - 1
        at most, too. Both results are NaN where n is less than 2.
        """
        variance_terms = self.variance_terms(terms)
        n_all = self.n_documents
        n = n_all if n_documents is None else np.where(n_documents > 1, n_documents, np.nan)
        total = variance_terms.sum(axis=0)
        sum_of_squares = np.einsum("d...,d...->...", variance_terms, variance_terms)
        divisor = np.where(total > 0, total, 1.0)
        # As in Satterthwaite's approximation, V is treated as a scaled chi-squared variable, whose
        # relative variance with nu degrees of freedom is 2 / nu. Dividing twice, and not by the
        # square, keeps tiny totals from underflowing.
        relative_variance = np.maximum(
            sum_of_squares / divisor / divisor - 1 / n,
            2 / np.minimum(n_all - self.n_strata, n - 1),
        )
        # A mean that is estimated from n documents is made up for by n / (n - 1), not D / (D - 1).
        total = total * ((n * (n_all - 1)) / ((n - 1) * n_all))
        return StandardErrors(np.sqrt(total) / len(terms), 2 / relative_variance)

    def n_documents_with(self, texts: Mask) -> Indices:
        """Return how many documents have some of the texts that are marked in a mask.

        `texts` has shape (N, P), and the result (P,).
        """
        to_documents, _ = self._indicators
        numbers: Indices = ((to_documents @ texts) > 0).sum(axis=0)
        return numbers


@dataclass(frozen=True)
class StandardErrors:
    """Standard errors of estimates, and the degrees of freedom of each; of the same shape."""

    standard_error: Matrix
    degrees_of_freedom: Matrix


@dataclass(frozen=True)
class RatioEstimates:
    """Estimates of P pairs in bits per byte: ratios of the sums over texts of terms and of bytes.

    All are NaN for pairs whose texts with bytes are from fewer than two documents.
    """

    kl: Vector
    """Shape (P,)."""
    errors: StandardErrors
    """Shape (P,)."""
    residuals: Matrix
    """Shape (N, P), in nats: the term of each text less its bytes times the ratio."""


def ratio_estimates(
    terms: Matrix, n_bytes: Matrix, documents: StratifiedDocuments
) -> RatioEstimates:
    """Return the estimates of P pairs from terms in nats and bytes, both of shape (N, P).

    Texts on which a pair is not scored have 0 bytes and a term of 0.
    """
    is_scored = n_bytes > 0
    n_documents = None if is_scored.all() else documents.n_documents_with(is_scored)
    total, total_bytes = terms.sum(axis=0), n_bytes.sum(axis=0)
    if n_documents is not None:
        total_bytes = np.where(n_documents > 1, total_bytes, np.nan)
    # The linear approximation of a ratio's error is the mean of the residuals, divided by the mean
    # of the bytes. A text that is not scored has the residual 0, as is usual for a part of a
    # sample: the number of scored texts of a stratum is random, and adds to the variance.
    residuals = terms - total / total_bytes * n_bytes
    errors = documents.errors(residuals, n_documents)
    error = errors.standard_error * (len(terms) / (total_bytes * LN2))
    return RatioEstimates(
        total / total_bytes / LN2, StandardErrors(error, errors.degrees_of_freedom), residuals
    )


def stratified_documents(texts: pd.DataFrame, by_category: bool) -> StratifiedDocuments:
    """Return the documents of a texts table; their strata are the categories if `by_category`.

    Otherwise there is one stratum. A stratum needs two documents, because one shows no variance:
    categories of a single document are merged into one stratum, with the smallest other category
    if there is only one such category. There is one stratum as well if a document has texts of
    several categories. Raises UserError if all texts come from one document.
    """
    numbers, names = pd.factorize(texts["document_id"])
    if len(names) < 2:
        raise UserError(
            "all texts come from one document: a standard error needs at least two; "
            "take texts from more documents"
        )
    document_of_text = numbers.astype(np.int64)
    categories = texts[["document_id", "category"]].drop_duplicates()
    if not by_category or len(categories) > len(names):
        return StratifiedDocuments(document_of_text, np.zeros(len(names), dtype=np.int64))
    strata, _ = pd.factorize(categories["category"], sort=True)
    return StratifiedDocuments(document_of_text, without_single_documents(strata.astype(np.int64)))


def without_single_documents(strata: Indices) -> Indices:
    """Return the strata of documents, numbered from 0, with those of a single document merged.

    They are merged into one stratum, with the smallest other one if there is only one of them.
    """
    numbers, n_documents = np.unique(strata, return_counts=True)
    smallest_first = numbers[np.argsort(n_documents, kind="stable")]
    n_single = int((n_documents == 1).sum())
    merged = smallest_first[: max(n_single, 2)] if n_single else smallest_first[:0]
    new = np.where(np.isin(strata, merged), smallest_first[0], strata)
    merged_strata: Indices = pd.factorize(new)[0].astype(np.int64)
    return merged_strata


def standard_errors(coordinates: Matrix, documents: StratifiedDocuments) -> StandardErrors:
    """Return the standard error of every KL in nats per text, shape (K, K), with zero diagonal.

    A KL is the mean over texts of t_s = (q_is - q_js)^2 / 2. Texts of one document are not
    independent of each other, so the variance is computed from documents: SE^2 = sum_d v_d / N^2,
    with v_d as `StratifiedDocuments.variance_terms` returns it. With one text per document and one
    stratum this is the usual s / sqrt(N).
    """
    n_models = len(coordinates)
    errors, freedom = np.zeros((2, n_models, n_models))
    for start in range(0, n_models, MODELS_PER_BLOCK):
        block = np.ascontiguousarray(coordinates[start : start + MODELS_PER_BLOCK].T)
        columns = slice(start, start + block.shape[1])
        # The matrices are symmetric, so rows below the block are not computed.
        for i in range(columns.stop):
            terms = np.square(block - coordinates[i][:, None]) / 2
            found = documents.errors(terms)
            errors[i, columns] = found.standard_error
            freedom[i, columns] = found.degrees_of_freedom
    return StandardErrors(_symmetric(errors), _symmetric(freedom))


def _indicator(numbers: Indices, n_rows: int) -> csr_matrix:
    """Return a matrix with a 1 in column c of row numbers[c]; times values, it sums by number."""
    ones = np.ones(len(numbers))
    return csr_matrix((ones, (numbers, np.arange(len(numbers)))), shape=(n_rows, len(numbers)))


def _symmetric(values: Matrix) -> Matrix:
    """Return a symmetric matrix from the entries above the diagonal of `values`."""
    upper = np.triu(values, k=1)
    symmetric: Matrix = upper + upper.T
    return symmetric
