"""The mixture estimate of KL divergences, from log-likelihoods of segments (ours).

Let p and r be two models, Delta = log p(y) - log r(y), and m = (p + r) / 2 their mixture. Then

    [KL(p, r) + KL(r, p)] / 2 = E_m[Delta tanh(Delta / 2)],

exactly, because (p - r) / (p + r) = tanh(Delta / 2). The estimate takes the segments of the texts
for draws from m, each given the text before it. docs/methods.md has the derivation.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelmap.divergence.kl import LN2
from modelmap.divergence.standard_error import StratifiedDocuments, ratio_estimates
from modelmap.plumbing.arrays import Indices, Mask, Matrix, Vector
from modelmap.plumbing.progress import Progress

Floats = NDArray[np.float32]

BLOCK_ELEMENTS = 1 << 16
"""Differences computed at once, so few that they stay in the processor's cache."""
MODELS_AT_ONCE = 32
"""Models in a block of pairs. Its sums by text need memory for 32 * 32 * N numbers."""
SEGMENTS_AT_ONCE = BLOCK_ELEMENTS // MODELS_AT_ONCE


def mixture_terms(difference: Floats) -> Floats:
    """Return Delta tanh(Delta / 2) in nats, of the shape of `difference`; 0 where it is NaN.

    For small Delta this is Delta^2 / 2, and for large Delta |Delta|.
    """
    return _without_nan(np.tanh(difference * np.float32(0.5)) * difference)


def _without_nan(terms: Floats) -> Floats:
    """Return terms, which are at least 0, with 0 in place of NaN."""
    # A segment that is not scored under one of the models tells nothing about the pair. fmax takes
    # the number where the other is NaN, and is faster than a search for NaN.
    without: Floats = np.fmax(terms, np.float32(0.0), out=terms)
    return without


def mixture_kl(rows: Floats, columns: Floats, n_bytes: Indices) -> Matrix:
    """Return the estimate for every pair of a row model and a column model, in bits per byte.

    `rows` and `columns` are log-likelihoods of W segments in nats, shapes (rows, W) and
    (columns, W), NaN where a segment is not scored; `n_bytes` are the bytes of the segments. Pairs
    without a common segment are NaN. This is the estimate alone, at a third of the cost of
    `mixture_estimates`, and without a matrix of all pairs of all models.
    """
    scored = ~np.isnan(rows), ~np.isnan(columns)
    total_bytes = (scored[0] * n_bytes.astype(np.float32)) @ scored[1].T.astype(np.float32)
    totals = np.zeros((len(rows), len(columns)))
    for first in range(0, len(columns), MODELS_AT_ONCE):
        some = slice(first, first + MODELS_AT_ONCE)
        for start in range(0, rows.shape[1], SEGMENTS_AT_ONCE):
            segments = slice(start, start + SEGMENTS_AT_ONCE)
            block = np.ascontiguousarray(columns[some, segments])
            for i, row in enumerate(rows[:, segments]):
                totals[i, some] += mixture_terms(block - row).sum(axis=1)
    known = total_bytes > 0
    return np.divide(totals, total_bytes * LN2, where=known, out=np.full_like(totals, np.nan))


@dataclass(frozen=True)
class TextSums:
    """Sums over the segments of each text, for pairs of models; float64, shape (N, rows, columns).

    Only segments that are scored under both models count.
    """

    terms: Matrix
    """Of Delta tanh(Delta / 2), in nats."""
    preference: Matrix
    """Of tanh(Delta / 2)."""
    n_bytes: Matrix
    """Of the bytes."""
    n_segments: Matrix
    """The number of segments."""


def text_sums(rows: Floats, columns: Floats, first: Indices, n_bytes: Indices) -> TextSums:
    """Return the sums by text for every pair of a row model and a column model.

    `rows` and `columns` are log-likelihoods of W segments in nats, shapes (rows, W) and
    (columns, W), NaN where a segment is not scored. `first` are the first segments of the N texts,
    and `n_bytes` the bytes of the segments.
    """
    sums = np.zeros((4, len(first), len(rows), len(columns)))
    for texts, segments in _chunks(first, columns.shape[1]):
        starts = first[texts] - segments.start
        block = np.ascontiguousarray(columns[:, segments])
        sizes = np.stack([n_bytes[segments], np.ones(block.shape[1])]).astype(np.float32)
        # Where every segment is scored, as nearly always, all pairs have the same sizes.
        is_complete = not np.isnan(block).any()
        sums_of_all = np.add.reduceat(sizes, starts, axis=1)[:, :, None]
        for i, row in enumerate(rows[:, segments]):
            difference = block - row
            tanh = np.tanh(difference * np.float32(0.5))
            terms = _without_nan(tanh * difference)
            if not is_complete or np.isnan(row).any():
                scored = ~np.isnan(difference)
                tanh = np.where(scored, tanh, np.float32(0.0))
                by_text = [np.add.reduceat(scored * size, starts, axis=1).T for size in sizes]
                sums_of_sizes = np.stack(by_text)
            else:
                sums_of_sizes = sums_of_all
            sums[0, texts, i] = np.add.reduceat(terms, starts, axis=1).T
            sums[1, texts, i] = np.add.reduceat(tanh, starts, axis=1).T
            sums[2:, texts, i] = sums_of_sizes
    return TextSums(*sums)


def _chunks(first: Indices, n_segments: int) -> Iterator[tuple[slice, slice]]:
    """Yield slices of consecutive texts, and of their segments, of about SEGMENTS_AT_ONCE each."""
    ends = np.append(first[1:], n_segments)
    start = 0
    while start < len(first):
        stop = int(np.searchsorted(ends, first[start] + SEGMENTS_AT_ONCE, side="right"))
        stop = max(stop, start + 1)
        yield slice(start, stop), slice(int(first[start]), int(ends[stop - 1]))
        start = stop


def pair_sums(
    loglik_nats: Floats, first: Indices, n_bytes: Indices, pairs: Indices
) -> tuple[Matrix, Matrix]:
    """Return the sums by text of the terms in nats, and of the bytes, of some pairs of models.

    Both have shape (N, P). `pairs` are positions of models, shape (P, 2); see `mixture_estimates`
    for the others.
    """
    terms, total_bytes = np.empty((2, len(first), len(pairs)))
    for column, (i, j) in enumerate(pairs):
        sums = text_sums(loglik_nats[[i]], loglik_nats[[j]], first, n_bytes)
        terms[:, column], total_bytes[:, column] = sums.terms[:, 0, 0], sums.n_bytes[:, 0, 0]
    return terms, total_bytes


@dataclass(frozen=True)
class MixtureEstimates:
    """Estimates for all pairs of K models, shape (K, K), symmetric, with zero diagonals.

    Pairs are NaN if the texts of which both have scored segments are from fewer than two documents.
    """

    kl: Matrix
    """In bits per byte: the sum of the terms divided by the bytes of the segments and by ln 2."""
    standard_error: Matrix
    """In bits per byte, with documents as independent units."""
    degrees_of_freedom: Matrix
    n_texts: Matrix
    """The number of texts of which both models have scored segments."""
    preference: Matrix
    """The absolute mean of tanh(Delta / 2) over segments, from 0 to 1. For texts drawn from the
    mixture of both models it is 0; near 1 the texts are like draws from one of them alone."""
    text_importance: Vector
    """Shape (N,): the root mean square over pairs of complete models of the residual of a text's
    terms, relative to the sum of the terms of all texts."""


def mixture_estimates(
    loglik_nats: Floats,
    first: Indices,
    n_bytes: Indices,
    documents: StratifiedDocuments,
    is_complete: Mask | None = None,
) -> MixtureEstimates:
    """Return the mixture estimates of all pairs of K models, from log-likelihoods of segments.

    `is_complete`, shape (K,), says which models are scored on all texts; None: all of them.

    `loglik_nats` has shape (K, W), and may be memory-mapped; see `text_sums` for it, `first` and
    `n_bytes`. Only blocks of pairs are in memory, of sums by text.
    """
    n_models = len(loglik_nats)
    complete = np.ones(n_models, dtype=bool) if is_complete is None else is_complete
    found = np.zeros((5, n_models, n_models))
    importance, n_pairs = np.zeros(len(first)), 0
    starts = range(0, n_models, MODELS_AT_ONCE)
    blocks = [(i, j) for i in starts for j in starts if i <= j]
    with Progress("KL divergences", len(blocks)) as progress:
        for done, (i, j) in enumerate(blocks, start=1):
            rows, columns = slice(i, i + MODELS_AT_ONCE), slice(j, j + MODELS_AT_ONCE)
            sums = text_sums(loglik_nats[rows], loglik_nats[columns], first, n_bytes)
            wanted = np.add.outer(np.arange(n_models)[rows], -np.arange(n_models)[columns]) < 0
            estimates, squares = _pair_estimates(sums, wanted, documents)
            found[:, rows, columns][:, wanted] = estimates
            # Residuals of pairs on fewer texts are relative to a smaller sum.
            squares = squares[:, np.logical_and.outer(complete[rows], complete[columns])[wanted]]
            importance += squares.sum(axis=1)
            n_pairs += int((squares > 0).any(axis=0).sum())
            progress.update(done)
    upper = np.stack([np.where(np.tri(n_models, dtype=bool), 0.0, values) for values in found])
    kl, error, freedom, n_texts, preference = upper + upper.transpose(0, 2, 1)
    return MixtureEstimates(
        kl, error, freedom, n_texts, preference, np.sqrt(importance / max(n_pairs, 1))
    )


def _pair_estimates(
    sums: TextSums, wanted: NDArray[np.bool_], documents: StratifiedDocuments
) -> tuple[Matrix, Matrix]:
    """Return the estimates of the P wanted pairs of a block, and their squared relative residuals.

    The first has shape (5, P), in the order of the fields of MixtureEstimates; the second (N, P).
    """
    terms, preference, n_bytes, n_segments = (
        values[:, wanted] for values in (sums.terms, sums.preference, sums.n_bytes, sums.n_segments)
    )
    found = ratio_estimates(terms, n_bytes, documents)
    known = ~np.isnan(found.kl)
    n_common = np.where(known, n_segments.sum(axis=0), np.nan)
    estimates = np.stack(
        [
            found.kl,
            found.errors.standard_error,
            found.errors.degrees_of_freedom,
            np.where(known, (n_bytes > 0).sum(axis=0), np.nan),
            np.abs(preference.sum(axis=0) / n_common),
        ]
    )
    total = terms.sum(axis=0)
    relative = np.divide(
        found.residuals, total, where=known & (total > 0), out=np.zeros_like(terms)
    )
    return estimates, np.square(relative)
