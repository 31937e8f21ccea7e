"""Finite populations made by resampling documents, and samples drawn from them (ours)."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from modelmap.divergence.standard_error import StratifiedDocuments
from modelmap.plumbing.arrays import Indices, Vector


@dataclass(frozen=True)
class Documents:
    """The project's documents, whose texts stand one document after the other.

    first, n_texts and strata: each document's first text, number of texts and stratum.
    """

    first: Indices
    n_texts: Indices
    strata: Indices

    @cached_property
    def quotas(self) -> Indices:
        """The number of texts of each stratum."""
        return np.bincount(self.strata, self.n_texts).astype(np.int64)


@dataclass(frozen=True)
class Samples:
    """R samples of a population: which documents, and how many texts of each, shape (C, R).

    Rows are places in a sample, those of one stratum together, in the order of the strata. A
    place that is not taken has no texts.
    """

    documents: Indices
    n_texts: Indices
    strata: Indices


def by_document(stratified: StratifiedDocuments) -> tuple[Indices, Documents]:
    """Return the order that puts texts document after document, and the documents."""
    n_texts = np.bincount(stratified.document_of_text)
    order = np.argsort(stratified.document_of_text, kind="stable")
    return order, Documents(np.cumsum(n_texts) - n_texts, n_texts, stratified.stratum_of_document)


def population(documents: Documents, copies: int, rng: np.random.Generator) -> list[Indices]:
    """Return a population's documents by stratum: `copies` times the project's, resampled."""
    members = []
    for stratum in range(len(documents.quotas)):
        own = np.flatnonzero(documents.strata == stratum)
        members.append(rng.choice(own, copies * len(own)))
    return members


def shares(documents: Documents, members: list[Indices]) -> Vector:
    """Return what a text of each document counts for in a population, shape (D,).

    Each stratum counts for its share of the project's texts, which their draw fixes; with a text
    counted once for each time its document is in the population, all is 1.
    """
    weights = np.zeros(len(documents.strata))
    for own, quota in zip(members, documents.quotas, strict=True):
        times = np.bincount(own, minlength=len(weights))
        weights += times * quota / (times @ documents.n_texts)
    per_text: Vector = weights / documents.quotas.sum()
    return per_text


def samples(
    documents: Documents, members: list[Indices], n_samples: int, rng: np.random.Generator
) -> Samples:
    """Return samples of as many texts per stratum as the project has.

    Documents are drawn without replacement until the number is reached; of the last one, the
    first texts are taken. A stratum's texts are more than any document's, so that each sample has
    two of its documents or more.
    """
    places, taken, strata = [], [], []
    for stratum, (own, quota) in enumerate(zip(members, documents.quotas, strict=True)):
        drawn = [_sample(documents, own, int(quota), rng) for _ in range(n_samples)]
        n_places = max(len(sample) for sample, _ in drawn)
        here, texts = np.zeros((2, n_places, n_samples), dtype=np.int64)
        for column, (sample, n_texts) in enumerate(drawn):
            here[: len(sample), column], texts[: len(sample), column] = sample, n_texts
        places.append(here)
        taken.append(texts)
        strata.append(np.full(n_places, stratum))
    return Samples(np.concatenate(places), np.concatenate(taken), np.concatenate(strata))


def _sample(
    documents: Documents, own: Indices, quota: int, rng: np.random.Generator
) -> tuple[Indices, Indices]:
    drawn = rng.choice(own, min(quota, len(own)), replace=False)
    reached = np.cumsum(documents.n_texts[drawn])
    drawn = drawn[: np.searchsorted(reached, quota) + 1]
    n_texts = documents.n_texts[drawn]
    n_texts[-1] -= max(int(n_texts.sum()) - quota, 0)
    return drawn, n_texts
