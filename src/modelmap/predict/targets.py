"""What is predicted, and from the log-likelihoods of which texts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modelmap.matrix.clip_centre import clip_threshold, clipped
from modelmap.plumbing.arrays import Matrix, Vector

MEAN_LOGLIK = "mean log-likelihood"
PERCENT = (0.0, 100.0)
FEWEST_TEXTS = 2


@dataclass(frozen=True)
class Target:
    """One number per model, NaN where it is not known."""

    name: str
    truth: Vector
    alphas: Vector
    """Ridge's, ascending."""
    bounds: tuple[float, float] | None = None
    """Predictions are clipped to these."""


@dataclass(frozen=True)
class Problem:
    """Targets that are predicted from the same texts."""

    loglik_nats: Matrix
    """Clipped, shape (model, text)."""
    alone: Vector
    """What the mean log-likelihood alone says of the targets, in their direction."""
    targets: list[Target]

    @property
    def n_texts(self) -> int:
        return int(self.loglik_nats.shape[1])


def kept_apart(category: pd.Series, document: pd.Series, held_out: str) -> NDArray[np.bool_]:
    """Return which texts are of other categories than the one held out, and of no document of it.

    A document cut into texts of several categories tells of the one held out.
    """
    inside = category == held_out
    apart: NDArray[np.bool_] = (~inside & ~document.isin(document[inside])).to_numpy()
    return apart


def held_out_problems(
    loglik_nats: Matrix,
    texts: pd.DataFrame,
    bits: pd.DataFrame,
    clip_quantile: float,
    alphas: Vector,
) -> tuple[list[Problem], dict[str, str]]:
    """Return a problem for each category, and why others have none.

    `loglik_nats` is unclipped, shape (model, text); `texts` has category and document_id in its
    order of texts; `bits` has a row per model and a column per category: bits per byte, the truth.
    A category's bits per byte are predicted from the texts kept apart from it. These are clipped
    at their own quantile, so that nothing of the held-out texts is in the coordinates. There is no
    target of all categories together: it would be made of the texts it is predicted from.
    """
    problems, skipped = [], {}
    for held_out in bits.columns:
        apart = kept_apart(texts["category"], texts["document_id"], held_out)
        if apart.sum() < FEWEST_TEXTS:
            skipped[str(held_out)] = (
                f"needs at least {FEWEST_TEXTS} texts of other categories and documents, "
                f"and there are {int(apart.sum())}"
            )
            continue
        others = loglik_nats[:, apart]
        others = clipped(others, clip_threshold(others, clip_quantile))
        target = Target(str(held_out), bits[held_out].to_numpy(dtype=np.float64), alphas)
        # Bits per byte fall as the log-likelihood rises.
        problems.append(Problem(others, -others.mean(axis=1), [target]))
    return problems, skipped


def score_problem(
    loglik_nats: Matrix,
    models: Sequence[str],
    scores: pd.DataFrame,
    score_alphas: Vector,
    loglik_alphas: Vector,
) -> Problem:
    """Return the papers' problem: every benchmark, and the mean log-likelihood over all texts.

    `loglik_nats` is clipped, shape (model, text); `scores` has one row per model and one column
    per benchmark, 0 to 100. Models without a score are NaN in its target.
    """
    mean = loglik_nats.mean(axis=1)
    known = scores.reindex(list(models))
    targets = [
        Target(str(name), known[name].to_numpy(dtype=np.float64), score_alphas, PERCENT)
        for name in known.columns
    ]
    return Problem(loglik_nats, mean, [*targets, Target(MEAN_LOGLIK, mean, loglik_alphas)])
