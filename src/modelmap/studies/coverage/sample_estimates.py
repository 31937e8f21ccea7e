"""KL estimates and their standard errors in many samples at once (ours).

A sample's estimates are those of the stage divergence, computed for all samples of a pair of
models together: from powers of the differences and from running sums, instead of from the texts of
each sample.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelmap.divergence.standard_error import StandardErrors, error_and_freedom
from modelmap.plumbing.arrays import Matrix, Vector
from modelmap.studies.coverage.populations import Documents, Samples

ROUNDING = 1e-12
"""KLs up to this share of the mean squared difference of two models are rounding errors."""


@dataclass(frozen=True)
class Estimates:
    """The estimates of one pair in R samples, in nats per text, each of shape (R,)."""

    kl: Vector
    errors: StandardErrors
    """Standard errors and degrees of freedom from documents, as in the stage divergence."""
    by_text_error: Vector
    """Standard errors that take texts for independent."""


class SampleEstimates:
    """Computes the estimates of one pair after another in R samples.

    What depends on the samples alone is computed once, when it is made.
    """

    def __init__(self, documents: Documents, drawn: Samples) -> None:
        strata = np.arange(len(documents.quotas))
        self._strata, self._first_rows = drawn.strata, np.searchsorted(drawn.strata, strata)
        self._taken = drawn.n_texts
        self._begin = documents.first[drawn.documents]
        self._n_texts = drawn.n_texts.sum(axis=0)
        self._texts_of_stratum = self._by_stratum(drawn.n_texts)
        n_documents = self._by_stratum(drawn.n_texts > 0)
        self._n_documents = n_documents.sum(axis=0)
        self._correction = (n_documents / (n_documents - 1))[drawn.strata]
        self._times = self._times_taken(int(documents.n_texts.sum()))

    def of(self, difference: Vector) -> Estimates:
        """Return the estimates of the pair whose differences q_is - q_js are `difference`, (N,).

        Texts are in the order by document.
        """
        powers = np.stack([difference**power for power in (1, 2, 3, 4)])
        # Moments of the differences over the texts of each sample. They give the central moments:
        # KL is half the variance, and the terms (difference - m1)^2 / 2 have the mean square
        # fourth / 4.
        m1, m2, m3, m4 = powers @ self._times / self._n_texts
        # Where both models agree on all texts of a sample but for a constant, the KL is 0. Rounding
        # leaves a little, and the ratio of the standard error to that would be arbitrary.
        least = ROUNDING * np.square(difference).mean()
        kl = np.where(m2 - m1**2 > least, (m2 - m1**2) / 2, 0.0)
        fourth = m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4
        by_text = np.maximum(fourth / 4 - kl**2, 0.0) / (self._n_texts - 1)
        # From here on as in divergence/standard_error.py. The total of a document's terms,
        # sum (difference - m1)^2 / 2, comes from its sum of differences and of their squares.
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
        """Return the sum over the texts taken from each document of each sample, shape (C, R)."""
        # The texts taken are consecutive, so a sum is the difference of two running sums.
        running = np.concatenate([[0.0], np.cumsum(values)])
        sums: Matrix = running[self._begin + self._taken] - running[self._begin]
        return sums

    def _by_stratum(self, values: NDArray[Any]) -> Matrix:
        """Return sums over the rows of each stratum, shape (strata, R), of values (C, R)."""
        return np.add.reduceat(values, self._first_rows, axis=0, dtype=np.float64)

    def _times_taken(self, n_texts: int) -> Matrix:
        """Return how often each text is in each sample, shape (N, R)."""
        # Each document taken adds 1 at its first text and subtracts 1 after its last one; the
        # running sum then counts the documents that cover a text. A document can be in a sample
        # several times, because the population has copies of it.
        columns = np.broadcast_to(np.arange(self._taken.shape[1]), self._taken.shape)
        steps = np.zeros((n_texts + 1, self._taken.shape[1]))
        np.add.at(steps, (self._begin, columns), 1.0)
        np.add.at(steps, (self._begin + self._taken, columns), -1.0)
        times: Matrix = np.cumsum(steps[:-1], axis=0)
        return times
