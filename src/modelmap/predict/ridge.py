"""Ridge regression with an intercept through the Gram matrix: what scikit-learn's RidgeCV gives.

Every fit that leaves some models out, for every alpha, comes from one decomposition of the Gram
matrix of all models. With R = sum of v v^T / (s + alpha) over the directions v that are orthogonal
to the constant, the errors at left-out models B are R_BB^-1 (R y)_B.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelmap.plumbing.arrays import Indices, Matrix, Vector

Stack = NDArray[np.float64]

INNER_FOLDS = 5
"""RidgeCV(cv=5): consecutive folds, not shuffled."""
ROUNDING = 1e-13
"""Eigenvalues below this share of the largest are rounding."""


@dataclass(frozen=True)
class Errors:
    """Truth less prediction at left-out models, (alpha, model, target): of a test part, fitted on
    all training models, and of each inner fold of these, fitted on the others.
    """

    outer: Stack
    inner: list[Stack]


def gram_matrix(coordinates: Matrix) -> Matrix:
    """Return the (K, K) Gram matrix of rows centred by their mean."""
    rows = coordinates - coordinates.mean(axis=0)
    gram: Matrix = rows @ rows.T
    return gram


def inner_folds(n_training: int) -> list[Indices]:
    """Return consecutive inner folds: five, or as many as have two models each."""
    return np.array_split(np.arange(n_training), min(INNER_FOLDS, n_training // 2))


def predicted(
    gram: Matrix,
    truths: Matrix,
    tested: Sequence[Indices],
    alphas: Vector,
    allowed: NDArray[np.bool_],
) -> list[Matrix]:
    """Return for each test part its predictions, shape (part, target), by all other models.

    `truths` is (model, target). The alpha of each target is the allowed one, of (alpha, target),
    with the best mean R2 over inner folds of the training models; the smallest of equals.
    Raises ValueError if a test part leaves fewer than four models.
    """
    if min(len(truths) - len(part) for part in tested) < 4:
        raise ValueError("ridge regression with inner folds needs four training models")
    values, vectors = _components(gram)
    route: _Inverse | _Plain = (
        _Plain(gram, truths, alphas)
        if _is_short_of_rank(len(values), len(gram), tested)
        else _Inverse(values, vectors, truths, alphas)
    )
    everything = np.arange(len(gram))
    predictions = []
    for part in tested:
        training = np.delete(everything, part)
        folds = inner_folds(len(training))
        errors = route.errors(part, training, folds)
        scores = [
            r_squared(truths[training[fold]], error)
            for fold, error in zip(folds, errors.inner, strict=True)
        ]
        best = np.where(allowed, np.mean(scores, axis=0), -np.inf).argmax(axis=0)
        chosen = np.take_along_axis(errors.outer, best[None, None, :], axis=0)[0]
        predictions.append(truths[part] - chosen)
    return predictions


def r_squared(truth: Matrix, errors: Stack) -> Matrix:
    """Return R2 per alpha and target; where the truth is constant 0, or 1 without any error."""
    left = np.square(errors).sum(axis=1)
    total = np.square(truth - truth.mean(axis=0)).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        score: Matrix = np.where(total > 0, 1 - left / total, np.where(left > 0, 0.0, 1.0))
    return score


def _components(gram: Matrix) -> tuple[Vector, Matrix]:
    values, vectors = np.linalg.eigh(gram)
    kept = values > ROUNDING * values[-1]
    return values[kept], vectors[:, kept]


def _is_short_of_rank(rank: int, n_models: int, tested: Sequence[Indices]) -> bool:
    """Return whether some fit has fewer models than directions, though all models have not.

    R_BB is then nearly singular for small alphas.
    """
    fewest = min(
        n_training - max(map(len, inner_folds(n_training)))
        for n_training in (n_models - len(part) for part in tested)
    )
    return fewest - 1 <= rank < n_models - 1


class _Inverse:
    """Errors from R, one (K, K) matrix per alpha."""

    def __init__(self, values: Vector, vectors: Matrix, truths: Matrix, alphas: Vector) -> None:
        n_models, rank = vectors.shape
        shares = alphas[:, None] / (values + alphas[:, None])
        # alpha R rather than R: it stays below 1, and errors are the same.
        self._r: Stack = (vectors * shares[:, None, :]) @ vectors.T
        if rank < n_models - 1:
            self._r += np.eye(n_models) - 1 / n_models - vectors @ vectors.T
        self._ry: Stack = self._r @ truths

    def errors(self, part: Indices, training: Indices, folds: Sequence[Indices]) -> Errors:
        known = self._ry[:, part]
        beside = self._r[:, part[:, None], training]
        solved = np.linalg.solve(
            self._r[:, part[:, None], part], np.concatenate([known, beside], axis=2)
        )
        n_targets = known.shape[2]
        outer, carried = solved[..., :n_targets], solved[..., n_targets:]
        inner: list[Stack] = []
        for fold in folds:
            across = beside[:, :, fold].transpose(0, 2, 1)
            models = training[fold]
            block = self._r[:, models[:, None], models] - across @ carried[:, :, fold]
            found = np.linalg.solve(block, self._ry[:, models] - across @ outer)
            inner.append(np.asarray(found, dtype=np.float64))
        return Errors(outer, inner)


class _Plain:
    """Errors from one decomposition per fit, where those from R would be inexact."""

    def __init__(self, gram: Matrix, truths: Matrix, alphas: Vector) -> None:
        self._gram, self._truths, self._alphas = gram, truths, alphas

    def errors(self, part: Indices, training: Indices, folds: Sequence[Indices]) -> Errors:
        inner = [self._fitted(training[fold], np.delete(training, fold)) for fold in folds]
        return Errors(self._fitted(part, training), inner)

    def _fitted(self, part: Indices, training: Indices) -> Stack:
        within = self._gram[training[:, None], training]
        mean = within.mean(axis=0)
        across = self._gram[part[:, None], training] - mean
        across = across - across.mean(axis=1, keepdims=True)
        centred = within - mean - mean[:, None] + mean.mean()
        values, vectors = _components(centred)
        middle = self._truths[training].mean(axis=0)
        projected = vectors.T @ (self._truths[training] - middle)
        scaled = projected / (values + self._alphas[:, None])[:, :, None]
        errors: Stack = self._truths[part] - middle - (across @ vectors) @ scaled
        return errors
