"""Finite populations made by resampling the project's documents, and samples of them (ours).

Samples are drawn as the project's texts are: by document, with a fixed number of texts from each
stratum. A population is many times as large as a sample, so that drawing from it without
replacement is nearly drawing from an infinite population.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from modelmap.divergence.standard_error import StratifiedDocuments
from modelmap.plumbing.arrays import Indices, Vector


@dataclass(frozen=True)
class Documents:
    """The D documents of the project, with their texts ordered by document.

    All arrays have shape (D,).
    """

    first: Indices
    """Position of the document's first text in the order by document."""
    n_texts: Indices
    """Number of the document's texts."""
    strata: Indices
    """Stratum of the document, numbered from 0."""

    @cached_property
    def quotas(self) -> Indices:
        """The number of texts of each stratum, which every sample has as well."""
        return np.bincount(self.strata, self.n_texts).astype(np.int64)


@dataclass(frozen=True)
class Sample:
    """A sample of a population: n texts of C documents."""

    texts: Indices
    """Positions of the texts in the order by document, shape (n,)."""
    documents: Indices
    """The project's documents that it has, shape (C,). One can be there several times."""
    stratified: StratifiedDocuments
    """The documents and strata of its texts. Copies of a document are documents of their own."""


def ordered_by_document(stratified: StratifiedDocuments) -> tuple[Indices, Documents]:
    """Return the positions of the texts ordered by document, shape (N,), and the documents."""
    n_texts = np.bincount(stratified.document_of_text)
    order = np.argsort(stratified.document_of_text, kind="stable")
    return order, Documents(np.cumsum(n_texts) - n_texts, n_texts, stratified.stratum_of_document)


def draw_population(documents: Documents, copies: int, rng: np.random.Generator) -> list[Indices]:
    """Return the documents of a population, an array for each stratum.

    A stratum of the population has `copies` times as many documents as the project, drawn from
    those of the project with replacement.
    """
    members = []
    for stratum in range(len(documents.quotas)):
        own = np.flatnonzero(documents.strata == stratum)
        members.append(rng.choice(own, copies * len(own)))
    return members


def text_weights(documents: Documents, members: list[Indices]) -> Vector:
    """Return the weight of a text of each document in means over a population, shape (D,).

    The weight is proportional to how often the document is in the population. Each stratum has the
    share of the project's texts as its total weight, because the numbers of texts drawn per
    stratum are fixed. Weights times numbers of texts sum to 1.
    """
    weights = np.zeros(len(documents.strata))
    for own, quota in zip(members, documents.quotas, strict=True):
        times = np.bincount(own, minlength=len(weights))
        weights += times * quota / (times @ documents.n_texts)
    per_text: Vector = weights / documents.quotas.sum()
    return per_text


def draw_sample(documents: Documents, members: list[Indices], rng: np.random.Generator) -> Sample:
    """Return a sample with the same number of texts per stratum as the project.

    `members` are the documents of the population by stratum. They are drawn without replacement
    until the number of texts is reached; of the last one only the first texts are taken. A stratum
    of two documents or more has more texts than any single one of them, so each sample has at
    least two documents of it, which a standard error needs.
    """
    quotas = documents.quotas
    drawn = [
        _draw_of_stratum(documents, own, int(quota), rng)
        for own, quota in zip(members, quotas, strict=True)
    ]
    numbers, n_texts = (np.concatenate(parts) for parts in zip(*drawn, strict=True))
    strata = np.repeat(np.arange(len(quotas)), [len(own) for own, _ in drawn])
    # The texts of a document follow one another from its first one on.
    in_document = np.arange(n_texts.sum()) - np.repeat(np.cumsum(n_texts) - n_texts, n_texts)
    texts = np.repeat(documents.first[numbers], n_texts) + in_document
    owners = np.repeat(np.arange(len(numbers)), n_texts)
    return Sample(texts, numbers, StratifiedDocuments(owners, strata))


def _draw_of_stratum(
    documents: Documents, own: Indices, quota: int, rng: np.random.Generator
) -> tuple[Indices, Indices]:
    """Return the documents of a sample of one stratum, and the number of texts of each."""
    # Every document has a text or more, so `quota` documents are always enough.
    drawn = rng.choice(own, min(quota, len(own)), replace=False)
    reached = np.cumsum(documents.n_texts[drawn])
    drawn = drawn[: np.searchsorted(reached, quota) + 1]
    n_texts = documents.n_texts[drawn]
    n_texts[-1] -= max(int(n_texts.sum()) - quota, 0)
    return drawn, n_texts
