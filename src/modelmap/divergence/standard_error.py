"""Standard errors of KL estimates, with documents as the independent units (ours)."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from modelmap.plumbing.arrays import Indices, Matrix, Vector
from modelmap.plumbing.errors import UserError

Counted = int | Indices

BLOCK = 32
"""Models whose terms are held at once: at 10,000 texts they stay in a processor's cache."""


@dataclass(frozen=True)
class Clusters:
    """The document of each text and the stratum of each document, both numbered from 0.

    A stratum is what a fixed number of texts was drawn from.
    """

    documents: Indices
    strata: Indices

    @property
    def n_documents(self) -> int:
        return len(self.strata)

    @property
    def n_strata(self) -> int:
        return int(self.strata.max()) + 1

    @cached_property
    def _sums(self) -> tuple[csr_matrix, csr_matrix]:
        """What adds texts up to documents, and documents to strata."""
        return _indicator(self.documents, self.n_documents), _indicator(self.strata, self.n_strata)

    def squares(self, terms: Matrix) -> Matrix:
        """Return D_h / (D_h - 1) z_d^2, shape (D, P), of P estimates' terms, shape (N, P).

        z_d is the sum over the texts of document d of their terms less the mean term of its
        stratum h, which has D_h documents.
        """
        to_documents, to_strata = self._sums
        n_texts = np.bincount(self.documents)[:, None]
        n_documents = np.bincount(self.strata)[:, None]
        totals = to_documents @ terms
        means = (to_strata @ totals) / (to_strata @ n_texts)
        correction = (n_documents / (n_documents - 1))[self.strata]
        squares: Matrix = correction * np.square(totals - n_texts * means[self.strata])
        return squares


@dataclass(frozen=True)
class Spread:
    """What is known of estimates' errors: standard errors, and how many degrees of freedom."""

    standard_error: Matrix
    degrees_of_freedom: Matrix


def clustered(texts: pd.DataFrame, by_category: bool) -> Clusters:
    """Return the documents of a texts table, and its categories as strata, or one stratum.

    One document says nothing of the spread inside its category: categories of one document make
    a stratum together, with the smallest other category if they are one. Where a document has
    texts of two categories there is one stratum too. Raises UserError below two documents.
    """
    numbers, names = pd.factorize(texts["document_id"])
    if len(names) < 2:
        raise UserError(
            "all texts come from one document: a standard error needs at least two; "
            "take texts from more documents"
        )
    documents = numbers.astype(np.int64)
    kinds = texts[["document_id", "category"]].drop_duplicates()
    if not by_category or len(kinds) > len(names):
        return Clusters(documents, np.zeros(len(names), dtype=np.int64))
    category = kinds["category"]
    n_documents = category.value_counts().sort_index().sort_values(kind="stable")
    n_single = int((n_documents == 1).sum())
    joined = n_documents.index[: max(n_single, 2)] if n_single else []
    strata = pd.factorize(category.mask(category.isin(joined), n_documents.index[0]))[0]
    return Clusters(documents, strata.astype(np.int64))


def standard_errors(coordinates: Matrix, clusters: Clusters) -> Spread:
    """Return the standard error of every KL in nats per text, shape (K, K), zero diagonal.

    A KL is the mean over texts of t_s = (q_is - q_js)^2 / 2. Texts cut from one document are not
    independent, and the number of texts from each stratum is fixed. With z_d the sum over the
    texts of document d of t_s less the mean of t_s in its stratum h, which has D_h documents,
    SE^2 = sum_d D_h / (D_h - 1) z_d^2 / N^2. It is s / sqrt(N) where each document gives one text
    and there is one stratum.
    """
    n_models, n_texts = coordinates.shape
    most = clusters.n_documents - clusters.n_strata
    errors, freedom = np.zeros((2, n_models, n_models))
    for start in range(0, n_models, BLOCK):
        block = np.ascontiguousarray(coordinates[start : start + BLOCK].T)
        here = slice(start, start + block.shape[1])
        for i in range(here.stop):
            squares = clusters.squares(np.square(block - coordinates[i][:, None]) / 2)
            errors[i, here], freedom[i, here] = spread_of(
                squares, n_texts, clusters.n_documents, most
            )
    return Spread(_symmetric(errors), _symmetric(freedom))


def spread_of(
    squares: Matrix, n_texts: Counted, n_documents: Counted, most: Counted
) -> tuple[Vector, Vector]:
    """Return standard errors of means, and their degrees of freedom, from squares D/(D-1) z_d^2.

    `squares` has documents along its first axis. A chi-squared variable of nu degrees of freedom
    has a relative variance of 2 / nu; that of V = sum of the squares v_d is estimated by
    sum v_d^2 / V^2 - 1 / D. So a few documents that hold most of V leave few degrees of freedom;
    there are `most`, documents less strata, at most.
    """
    total = squares.sum(axis=0)
    fourth = np.einsum("d...,d...->...", squares, squares)
    divisor = np.where(total > 0, total, 1.0)
    relative_variance = np.maximum(fourth / divisor / divisor - 1 / n_documents, 2 / most)
    return np.sqrt(total) / n_texts, 2 / relative_variance


def _indicator(numbers: Indices, n_rows: int) -> csr_matrix:
    ones = np.ones(len(numbers))
    return csr_matrix((ones, (numbers, np.arange(len(numbers)))), shape=(n_rows, len(numbers)))


def _symmetric(computed: Matrix) -> Matrix:
    """Return a matrix whose upper half was computed, with that half below as well."""
    upper = np.triu(computed, k=1)
    both: Matrix = upper + upper.T
    return both
