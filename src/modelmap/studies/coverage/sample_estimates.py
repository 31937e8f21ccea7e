"""KL and its standard error in many samples of documents at once (ours)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelmap.divergence.standard_error import StandardErrors, error_and_freedom
from modelmap.plumbing.arrays import Matrix, Vector
from modelmap.studies.coverage.populations import Documents, Samples


@dataclass(frozen=True)
class Estimates:
    """One pair's estimates in R samples, in nats per text.

    by_text_error is the standard error that takes texts for independent.
    """

    kl: Vector
    errors: StandardErrors
    by_text_error: Vector


class SampleEstimates:
    """What the divergence stage finds in each of R samples, for one pair after the other."""

    def __init__(self, documents: Documents, drawn: Samples) -> None:
        rows = np.arange(len(documents.quotas))
        self._strata, self._first_rows = drawn.strata, np.searchsorted(drawn.strata, rows)
        self._taken = drawn.n_texts
        self._begin = documents.first[drawn.documents]
        self._n_texts = drawn.n_texts.sum(axis=0)
        self._texts_of_stratum = self._by_stratum(drawn.n_texts)
        n_documents = self._by_stratum(drawn.n_texts > 0)
        self._n_documents = n_documents.sum(axis=0)
        self._correction = (n_documents / (n_documents - 1))[drawn.strata]
        self._times = self._times_taken(int(documents.n_texts.sum()))

    def of(self, difference: Vector) -> Estimates:
        """Return the estimates for a pair with these differences, text by text, shape (N,)."""
        powers = np.stack([difference**power for power in (1, 2, 3, 4)])
        m1, m2, m3, m4 = powers @ self._times / self._n_texts
        kl = (m2 - m1**2) / 2
        fourth = m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4
        by_text = np.maximum(fourth / 4 - kl**2, 0.0) / (self._n_texts - 1)
        sums, squares = self._sums(powers[0]), self._sums(powers[1])
        totals = (squares - 2 * m1 * sums + m1**2 * self._taken) / 2
        means = self._by_stratum(totals) / self._texts_of_stratum
        deviations = totals - self._taken * means[self._strata]
        error, freedom = error_and_freedom(
            self._correction * np.square(deviations),
            self._n_texts,
            self._n_documents,
            self._n_documents - len(self._first_rows),
        )
        return Estimates(kl, StandardErrors(error, freedom), np.sqrt(by_text))

    def _sums(self, values: Vector) -> Matrix:
        """Return the sums over what each sample has of its documents, shape (C, R)."""
        running = np.concatenate([[0.0], np.cumsum(values)])
        sums: Matrix = running[self._begin + self._taken] - running[self._begin]
        return sums

    def _by_stratum(self, values: NDArray[Any]) -> Matrix:
        return np.add.reduceat(values, self._first_rows, axis=0, dtype=np.float64)

    def _times_taken(self, n_texts: int) -> Matrix:
        """Return how often each text is in each sample, shape (N, R)."""
        columns = np.broadcast_to(np.arange(self._taken.shape[1]), self._taken.shape)
        steps = np.zeros((n_texts + 1, self._taken.shape[1]))
        np.add.at(steps, (self._begin, columns), 1.0)
        np.add.at(steps, (self._begin + self._taken, columns), -1.0)
        times: Matrix = np.cumsum(steps[:-1], axis=0)
        return times
