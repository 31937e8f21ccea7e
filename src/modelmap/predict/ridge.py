"""Cross-validated ridge regression with an intercept, computed from the Gram matrix of the models.

The results are those of scikit-learn's RidgeCV(alphas, cv=5), as in Oyama et al. 2025 (ACL),
Section 5, but the cost does not depend on the number of texts, and all fits share one
decomposition.

Let v be the eigenvectors of the centred K x K Gram matrix that are orthogonal to the constant
vector, s their eigenvalues, y the true values of a target, and

    R = sum over v of v v^T / (s + alpha).

If the models B are left out and predicted by a fit on all others, the errors at B are

    y_B - prediction_B = R_BB^-1 (R y)_B.

This is the leave-one-out formula e_i = (R y)_i / R_ii for a set of models instead of a single one.
It follows from the inverse of a block matrix, and holds for any B. So one decomposition gives the
errors of every fold for every alpha, without a new fit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelmap.plumbing.arrays import Indices, Matrix, Vector

Stack = NDArray[np.float64]
"""float64, three axes: a matrix for each alpha."""

INNER_FOLDS = 5
"""Folds within the training models, by which alpha is chosen: those of RidgeCV(cv=5)."""
ROUNDING = 1e-13
"""Share of the largest eigenvalue, below which an eigenvalue is taken for 0.

Eigenvalues that are 0 in theory (of the constant vector, or of copies of a model) are computed as
about 1e-16 times the largest. Kept, they would count as directions in which models differ, and
with a small alpha their noise would be magnified.
"""


@dataclass(frozen=True)
class Errors:
    """Truth minus prediction for models that are left out, shape (alphas, models, targets)."""

    outer: Stack
    """For the test part, fitted on all training models."""
    inner: list[Stack]
    """For each inner fold of the training models, fitted on the other training models."""


def gram_matrix(coordinates: Matrix) -> Matrix:
    """Return the Gram matrix, shape (K, K), of coordinates, shape (K, d), centred over models."""
    rows = coordinates - coordinates.mean(axis=0)
    gram: Matrix = rows @ rows.T
    return gram


def inner_folds(n_training: int) -> list[Indices]:
    """Return the positions of the inner folds in the training models: five, or fewer if few models.

    Folds are consecutive, not shuffled, and do not respect families, because RidgeCV(cv=5) makes
    them so; other folds would choose other alphas than the papers'. Each fold has two models or
    more, since R2 of a single model is not defined.
    """
    return np.array_split(np.arange(n_training), min(INNER_FOLDS, n_training // 2))


def ridge_predictions(
    gram: Matrix,
    truths: Matrix,
    parts: Sequence[Indices],
    alphas: Vector,
    allowed: NDArray[np.bool_],
) -> list[Matrix]:
    """Return for each test part its predictions from all other models, shape (part, targets).

    `gram` has shape (K, K), `truths` (K, targets); `parts` are positions of models. `allowed`,
    shape (alphas, targets), says which alphas a target may have. Its alpha is the allowed one with
    the best mean R2 over the inner folds; of equally good ones, the smallest.
    Raises ValueError if a test part leaves fewer than four models.
    """
    if min(len(truths) - len(part) for part in parts) < 4:
        raise ValueError("ridge regression with inner folds needs four training models")
    values, vectors = _components(gram)
    fits: _SharedInverse | _SeparateFits = (
        _SeparateFits(gram, truths, alphas)
        if _inverse_is_inexact(len(values), len(gram), parts)
        else _SharedInverse(values, vectors, truths, alphas)
    )
    all_models = np.arange(len(gram))
    predictions = []
    for part in parts:
        training = np.delete(all_models, part)
        folds = inner_folds(len(training))
        errors = fits.errors(part, training, folds)
        scores = [
            r_squared(truths[training[fold]], error)
            for fold, error in zip(folds, errors.inner, strict=True)
        ]
        # argmax takes the first of equal values: the smallest alpha, like RidgeCV.
        best = np.where(allowed, np.mean(scores, axis=0), -np.inf).argmax(axis=0)
        chosen = np.take_along_axis(errors.outer, best[None, None, :], axis=0)[0]
        predictions.append(truths[part] - chosen)
    return predictions


def r_squared(truth: Matrix, errors: Stack) -> Matrix:
    """Return R2 for every alpha and target, shape (alphas, targets), as scikit-learn defines it.

    Where the truth is constant, R2 is 1 if there is no error, and 0 otherwise.
    `truth` has shape (models, targets); `errors` has shape (alphas, models, targets).
    """
    residual = np.square(errors).sum(axis=1)
    total = np.square(truth - truth.mean(axis=0)).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        score: Matrix = np.where(total > 0, 1 - residual / total, np.where(residual > 0, 0.0, 1.0))
    return score


def _components(gram: Matrix) -> tuple[Vector, Matrix]:
    """Return the eigenvalues of a Gram matrix that are not 0, and their eigenvectors in columns."""
    values, vectors = np.linalg.eigh(gram)
    kept = values > ROUNDING * values[-1]
    return values[kept], vectors[:, kept]


def _inverse_is_inexact(rank: int, n_models: int, parts: Sequence[Indices]) -> bool:
    """Return whether R_BB of some fit is nearly singular for small alphas.

    As alpha tends to 0, alpha R tends to a projection of rank K - 1 - rank: the one onto all that
    is orthogonal to the constant vector and to every v. A block of it with as many rows or more is
    singular in the limit, or close to it. That is the case if a fit has at most rank + 1 models,
    so that it can interpolate their true values, although K is larger. With rank = K - 1 there is
    no such projection, and R itself has a limit.
    """
    fewest = min(
        n_training - max(map(len, inner_folds(n_training)))
        for n_training in (n_models - len(part) for part in parts)
    )
    return fewest - 1 <= rank < n_models - 1


class _SharedInverse:
    """Errors of all fits from R, a matrix of shape (K, K) for each alpha."""

    def __init__(self, values: Vector, vectors: Matrix, truths: Matrix, alphas: Vector) -> None:
        n_models, rank = vectors.shape
        shares = alphas[:, None] / (values + alphas[:, None])
        # R is stored times alpha, a factor that cancels in the errors. So its eigenvalues are
        # between 0 and 1, whether alpha is 1e-4 or 1e9.
        self._r: Stack = (vectors * shares[:, None, :]) @ vectors.T
        if rank < n_models - 1:
            # Directions without an eigenvalue have s = 0 and a share of 1. Together they are the
            # projection onto all that is orthogonal to the constant vector and to `vectors`.
            self._r += np.eye(n_models) - 1 / n_models - vectors @ vectors.T
        self._ry: Stack = self._r @ truths

    def errors(self, part: Indices, training: Indices, folds: Sequence[Indices]) -> Errors:
        """Return the errors at `part`, and at the inner folds of the training models."""
        # B is the test part and F an inner fold. First R_BB^-1 (R y)_B and R_BB^-1 R_BT, where T
        # are all training models.
        ry_part = self._ry[:, part]
        r_part_training = self._r[:, part[:, None], training]
        solved = np.linalg.solve(
            self._r[:, part[:, None], part], np.concatenate([ry_part, r_part_training], axis=2)
        )
        n_targets = ry_part.shape[2]
        outer, solved_training = solved[..., :n_targets], solved[..., n_targets:]
        # A fit for F leaves out B and F. Eliminating B from R_(BF)(BF) e = (R y)_(BF) gives
        # (R_FF - R_FB R_BB^-1 R_BF) e_F = (R y)_F - R_FB R_BB^-1 (R y)_B: the factors of B are
        # reused, and only a system of the fold's size is solved.
        inner: list[Stack] = []
        for fold in folds:
            r_fold_part = r_part_training[:, :, fold].transpose(0, 2, 1)
            models = training[fold]
            block = self._r[:, models[:, None], models] - r_fold_part @ solved_training[:, :, fold]
            errors = np.linalg.solve(block, self._ry[:, models] - r_fold_part @ outer)
            inner.append(np.asarray(errors, dtype=np.float64))
        return Errors(outer, inner)


class _SeparateFits:
    """Errors from a decomposition for each fit: slower, but exact where R_BB is nearly singular."""

    def __init__(self, gram: Matrix, truths: Matrix, alphas: Vector) -> None:
        self._gram, self._truths, self._alphas = gram, truths, alphas

    def errors(self, part: Indices, training: Indices, folds: Sequence[Indices]) -> Errors:
        """Return the errors at `part`, and at the inner folds of the training models."""
        inner = [self._errors_of_fit(training[fold], np.delete(training, fold)) for fold in folds]
        return Errors(self._errors_of_fit(part, training), inner)

    def _errors_of_fit(self, part: Indices, training: Indices) -> Stack:
        """Return the errors at `part` of a fit on `training`, for every alpha."""
        # The inner products are centred by the mean of the training coordinates, which the
        # intercept of the fit requires; the coordinates themselves are not needed for that.
        training_gram = self._gram[training[:, None], training]
        mean = training_gram.mean(axis=0)
        part_products = self._gram[part[:, None], training] - mean
        part_products = part_products - part_products.mean(axis=1, keepdims=True)
        centred = training_gram - mean - mean[:, None] + mean.mean()
        values, vectors = _components(centred)
        intercept = self._truths[training].mean(axis=0)
        projected = vectors.T @ (self._truths[training] - intercept)
        scaled = projected / (values + self._alphas[:, None])[:, :, None]
        errors: Stack = self._truths[part] - intercept - (part_products @ vectors) @ scaled
        return errors
