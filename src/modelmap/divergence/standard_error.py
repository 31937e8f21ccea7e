"""Standard errors of KL estimates, with documents as the independent units.

The papers give no standard errors. These are the usual ones of survey statistics for a stratified
sample of clusters, where a cluster is a document and its elements are texts.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from modelmap.plumbing.arrays import Indices, Mask, Matrix, Vector
from modelmap.plumbing.errors import UserError

Count = int | Indices
"""One number for all estimates, or one number for each."""

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

    def errors(self, terms: Matrix) -> tuple[Vector, Vector]:
        """Return the standard errors of P means over texts, and their degrees of freedom, (P,).

        `terms`, shape (N, P), are the values of the texts.
        """
        return error_and_freedom(
            self.variance_terms(terms),
            len(terms),
            self.n_documents,
            self.n_documents - self.n_strata,
        )

    def of_texts(self, texts: Mask) -> "StratifiedDocuments":
        """Return the documents of some of the texts, which are marked in a mask of shape (N,)."""
        if texts.all():
            return self
        documents, numbers = np.unique(self.document_of_text[texts], return_inverse=True)
        strata = without_single_documents(self.stratum_of_document[documents])
        return StratifiedDocuments(numbers.astype(np.int64), strata)


@dataclass(frozen=True)
class StandardErrors:
    """Standard errors of estimates, and the degrees of freedom of each; of the same shape."""

    standard_error: Matrix
    degrees_of_freedom: Matrix


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
            errors[i, columns], freedom[i, columns] = documents.errors(terms)
    return StandardErrors(_symmetric(errors), _symmetric(freedom))


def error_and_freedom(
    variance_terms: Matrix, n_texts: Count, n_documents: Count, max_freedom: Count
) -> tuple[Vector, Vector]:
    """Return the standard errors sqrt(V) / N of means, and their degrees of freedom.

    `variance_terms` are v_d, with documents along the first axis, and V = sum_d v_d. The degrees of
    freedom are 2 / (sum_d v_d^2 / V^2 - 1 / D), and `max_freedom` (documents minus strata) at most.
    They are few if a few documents contribute most of V.
    """
    total = variance_terms.sum(axis=0)
    sum_of_squares = np.einsum("d...,d...->...", variance_terms, variance_terms)
    divisor = np.where(total > 0, total, 1.0)
    # As in Satterthwaite's approximation, V is treated as a scaled chi-squared variable, whose
    # relative variance with nu degrees of freedom is 2 / nu. Dividing twice, and not by the square,
    # keeps tiny totals from underflowing.
    relative_variance = np.maximum(
        sum_of_squares / divisor / divisor - 1 / n_documents, 2 / max_freedom
    )
    return np.sqrt(total) / n_texts, 2 / relative_variance


def _indicator(numbers: Indices, n_rows: int) -> csr_matrix:
    """Return a matrix with a 1 in column c of row numbers[c]; times values, it sums by number."""
    ones = np.ones(len(numbers))
    return csr_matrix((ones, (numbers, np.arange(len(numbers)))), shape=(n_rows, len(numbers)))


def _symmetric(values: Matrix) -> Matrix:
    """Return a symmetric matrix from the entries above the diagonal of `values`."""
    upper = np.triu(values, k=1)
    symmetric: Matrix = upper + upper.T
    return symmetric
