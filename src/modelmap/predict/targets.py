"""The prediction problems: what is predicted, and from the log-likelihoods of which texts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modelmap.matrix.clip_centre import clip_threshold, clipped
from modelmap.plumbing.arrays import Matrix, Vector

MEAN_LOGLIK = "mean log-likelihood"
PERCENT = (0.0, 100.0)
MIN_TEXTS = 2


@dataclass(frozen=True)
class Target:
    """A number per model that is predicted."""

    name: str
    truth: Vector
    """The true values, shape (K,), with NaN where they are unknown."""
    alphas: Vector
    """The penalties among which ridge regression chooses, ascending."""
    bounds: tuple[float, float] | None = None
    """Predictions are clipped to this range."""


@dataclass(frozen=True)
class Problem:
    """Targets that are predicted from the same texts."""

    loglik_nats: Matrix
    """Clipped log-likelihoods, shape (K, N)."""
    baseline: Vector
    """The mean log-likelihood of each model, shape (K,), negated if the targets fall with it."""
    targets: list[Target]

    @property
    def n_texts(self) -> int:
        return int(self.loglik_nats.shape[1])


def outside_category(category: pd.Series, document: pd.Series, held_out: str) -> NDArray[np.bool_]:
    """Return which texts share neither the held-out category nor a document with it, shape (N,).

    A document can have texts of several categories. Its other texts are left out as well, since
    they would reveal something about the held-out texts.
    """
    held_out_texts = category == held_out
    outside: NDArray[np.bool_] = (
        ~held_out_texts & ~document.isin(document[held_out_texts])
    ).to_numpy()
    return outside


Found = tuple[list[Problem], dict[str, object], dict[str, str]]
"""Problems, metrics about the source of their targets, and reasons for skipped targets."""


def held_out_problems(
    loglik_nats: Matrix,
    texts: pd.DataFrame,
    bits: pd.DataFrame,
    clip_quantile: float,
    alphas: Vector,
) -> tuple[list[Problem], dict[str, str]]:
    """Return one problem per category, and the reason for each category without one.

    The target of a category is its bits per byte, predicted from the texts outside the category
    (ours). `loglik_nats` is unclipped, shape (K, N); `texts` has the columns category and
    document_id, in the same order of texts; `bits` has a row per model and a column per category
    with the true bits per byte. The mean over all categories is no target: it would be computed
    from the texts that it is predicted from.
    """
    problems, skipped = [], {}
    for held_out in bits.columns:
        outside = outside_category(texts["category"], texts["document_id"], held_out)
        if outside.sum() < MIN_TEXTS:
            skipped[str(held_out)] = (
                f"needs at least {MIN_TEXTS} texts of other categories and documents, "
                f"and there are {int(outside.sum())}"
            )
            continue
        others = loglik_nats[:, outside]
        # The threshold comes from these texts alone: one computed from all texts would carry
        # information about the held-out texts into the coordinates.
        others = clipped(others, clip_threshold(others, clip_quantile))
        target = Target(str(held_out), bits[held_out].to_numpy(dtype=np.float64), alphas)
        # Negated, because bits per byte fall as the log-likelihood rises.
        problems.append(Problem(others, -others.mean(axis=1), [target]))
    return problems, skipped


def score_problem(
    loglik_nats: Matrix,
    models: Sequence[str],
    scores: pd.DataFrame,
    score_alphas: Vector,
    loglik_alphas: Vector,
) -> Problem:
    """Return the problem of the papers: every benchmark, and the mean log-likelihood.

    Oyama et al. 2025 (ACL), Section 5. `loglik_nats` is clipped, shape (K, N); `scores` has a row
    per model and a column per benchmark, from 0 to 100. A model without a score is NaN there.
    """
    mean = loglik_nats.mean(axis=1)
    known = scores.reindex(list(models))
    targets = [
        Target(str(name), known[name].to_numpy(dtype=np.float64), score_alphas, PERCENT)
        for name in known.columns
    ]
    return Problem(loglik_nats, mean, [*targets, Target(MEAN_LOGLIK, mean, loglik_alphas)])
