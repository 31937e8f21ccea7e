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
from modelmap.divergence.standard_error import StratifiedDocuments
from modelmap.plumbing.arrays import Indices, Matrix, Vector
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
    terms: Floats = np.tanh(difference * np.float32(0.5))
    terms *= difference
    # Terms are at least 0, and fmax takes 0 for NaN: a segment that is not scored under one of the
    # models tells nothing about the pair.
    return np.fmax(terms, np.float32(0.0), out=terms)


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
    step = max(1, BLOCK_ELEMENTS // len(columns))
    for start in range(0, rows.shape[1], step):
        block = np.ascontiguousarray(columns[:, start : start + step])
        for i, row in enumerate(rows[:, start : start + step]):
            totals[i] += mixture_terms(block - row).sum(axis=1)
    known = total_bytes > 0
    return np.divide(totals, total_bytes * LN2, where=known, out=np.full_like(totals, np.nan))


@dataclass(frozen=True)
class TextSums:
    """Sums over the segments of each text, for pairs of models; float64, shape (N, rows, columns).

    Only segments that are scored under both models count.
    """

    terms: Matrix
    """Of Delta tanh(Delta / 2), in nats."""
    drift: Matrix
    """What the terms would be if Delta were the same in all segments of a text, in nats."""
    n_bytes: Matrix
    """Of the segments' bytes."""


def text_sums(rows: Floats, columns: Floats, first: Indices, n_bytes: Indices) -> TextSums:
    """Return the sums by text for every pair of a row model and a column model.

    `rows` and `columns` are log-likelihoods of W segments in nats, shapes (rows, W) and
    (columns, W), NaN where a segment is not scored. `first` are the first segments of the N texts,
    and `n_bytes` the bytes of the segments.
    """
    terms, drift, total_bytes = np.zeros((3, len(first), len(rows), len(columns)))
    for texts, segments in _chunks(first, columns.shape[1]):
        starts = first[texts] - segments.start
        block = np.ascontiguousarray(columns[:, segments])
        sizes = np.stack([n_bytes[segments], np.ones(block.shape[1])]).astype(np.float32)
        # Where every segment is scored, as nearly always, all pairs have the same bytes.
        is_complete = not np.isnan(block).any()
        bytes_and_counts = np.add.reduceat(sizes, starts, axis=1)[:, :, None]
        for i, row in enumerate(rows[:, segments]):
            difference = block - row
            if not is_complete or np.isnan(row).any():
                scored = ~np.isnan(difference)
                parts = [np.add.reduceat(scored * size, starts, axis=1).T for size in sizes]
                bytes_and_counts = np.stack(parts)
                means = np.where(scored, difference, np.float32(0.0))
            else:
                means = difference
            total_bytes[texts, i], counts = bytes_and_counts
            means = np.add.reduceat(means, starts, axis=1).T / np.maximum(counts, 1.0)
            drift[texts, i] = counts * mixture_terms(means)
            terms[texts, i] = np.add.reduceat(mixture_terms(difference), starts, axis=1).T
    return TextSums(terms, drift, total_bytes)


def _chunks(first: Indices, n_segments: int) -> Iterator[tuple[slice, slice]]:
    """Yield slices of consecutive texts, and of their segments, of about SEGMENTS_AT_ONCE each."""
    ends = np.append(first[1:], n_segments)
    start = 0
    while start < len(first):
        stop = int(np.searchsorted(ends, first[start] + SEGMENTS_AT_ONCE, side="right"))
        stop = max(stop, start + 1)
        yield slice(start, stop), slice(int(first[start]), int(ends[stop - 1]))
        start = stop


@dataclass(frozen=True)
class MixtureEstimates:
    """Estimates for all pairs of K models, shape (K, K), symmetric, with zero diagonals.

    Pairs without a common segment are NaN.
    """

    kl: Matrix
    """In bits per byte: the sum of the terms divided by the bytes of the segments and by ln 2."""
    standard_error: Matrix
    """In bits per byte, with documents as independent units."""
    degrees_of_freedom: Matrix
    n_texts: Matrix
    """The number of texts of which both models have scored segments."""
    drift_share: Matrix
    """The share of the estimate that a constant difference within each text gives."""
    text_importance: Vector
    """Shape (N,): the root mean square over pairs of the residual of a text's terms, relative to
    the sum of the terms of all texts."""


def mixture_estimates(
    loglik_nats: Floats, first: Indices, n_bytes: Indices, documents: StratifiedDocuments
) -> MixtureEstimates:
    """Return the mixture estimates of all pairs of K models, from log-likelihoods of segments.

    `loglik_nats` has shape (K, W), and may be memory-mapped; see `text_sums` for it, `first` and
    `n_bytes`. Only blocks of pairs are in memory, of sums by text.
    """
    n_models = len(loglik_nats)
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
            importance += squares.sum(axis=1)
            n_pairs += int((squares > 0).any(axis=0).sum())
            progress.update(done)
    upper = np.stack([np.where(np.tri(n_models, dtype=bool), 0.0, values) for values in found])
    kl, error, freedom, n_texts, drift_share = upper + upper.transpose(0, 2, 1)
    return MixtureEstimates(
        kl, error, freedom, n_texts, drift_share, np.sqrt(importance / max(n_pairs, 1))
    )


def _pair_estimates(
    sums: TextSums, wanted: NDArray[np.bool_], documents: StratifiedDocuments
) -> tuple[Matrix, Matrix]:
    """Return the estimates of the P wanted pairs of a block, and their squared relative residuals.

    The first has shape (5, P), in the order of the fields of MixtureEstimates; the second (N, P).
    """
    terms, drift, n_bytes = (values[:, wanted] for values in (sums.terms, sums.drift, sums.n_bytes))
    estimates = np.full((5, terms.shape[1]), np.nan)
    squares = np.zeros_like(terms)
    for texts, pairs in _by_common_texts(n_bytes > 0):
        if not texts.any():
            continue
        t, b = terms[np.ix_(texts, pairs)], n_bytes[np.ix_(texts, pairs)]
        total, total_bytes = t.sum(axis=0), b.sum(axis=0)
        # The estimate is a ratio of two sums over texts. The linear approximation of its error is
        # the mean of the residuals, divided by the mean of the bytes.
        residuals = t - total / total_bytes * b
        scale = t.shape[0] / (total_bytes * LN2)
        error, freedom = documents.of_texts(texts).errors(residuals)
        share = np.divide(
            drift[np.ix_(texts, pairs)].sum(axis=0),
            total,
            where=total > 0,
            out=np.zeros_like(total),
        )
        estimates[:, pairs] = (
            total / total_bytes / LN2,
            error * scale,
            freedom,
            np.full(len(total), t.shape[0]),
            share,
        )
        relative = np.divide(residuals, total, where=total > 0, out=np.zeros_like(residuals))
        squares[np.ix_(texts, pairs)] = np.square(relative)
    return estimates, squares


def _by_common_texts(common: NDArray[np.bool_]) -> Iterator[tuple[NDArray[np.bool_], Indices]]:
    """Yield sets of texts, shape (N,), each with the pairs that have exactly these in common.

    `common` has shape (N, P).
    """
    if common.all():
        yield common[:, 0], np.arange(common.shape[1])
        return
    sets, which = np.unique(common, axis=1, return_inverse=True)
    for number in range(sets.shape[1]):
        yield sets[:, number], np.flatnonzero(which.ravel() == number)
