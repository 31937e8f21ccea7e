"""How well ridge regression from coordinates predicts models of families it has not seen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

from modelmap.matrix.clip_centre import double_centred
from modelmap.plumbing.arrays import Indices, Matrix
from modelmap.plumbing.parallel import each
from modelmap.plumbing.tables import empty_table
from modelmap.predict.correlation import ALL_TEXTS, ALONE, correlations
from modelmap.predict.ridge import gram_matrix, predicted
from modelmap.predict.settings import PredictSettings
from modelmap.predict.tables import PREDICTION_CURVES
from modelmap.predict.targets import Problem, Target
from modelmap.resample.estimate import UniqueTexts, unique_texts, weighted_coordinates
from modelmap.resample.methods import PAPERS, probabilities
from modelmap.resample.paper_draws import FIRST_SEED, drawn_texts, grid

Families = NDArray[np.object_]

MOST_FOLDS, FEWEST_FAMILIES, FEWEST_TRAINING = 5, 2, 4


@dataclass(frozen=True)
class Point:
    """One problem with the texts of one sample: `n` draws by `method`, or all texts."""

    problem: Problem
    method: str | None
    n: int
    sample: UniqueTexts

    def coordinates(self) -> Matrix:
        """Return the coordinates of all models from the sample's texts, shape (K, d) (P2)."""
        return weighted_coordinates(self.problem.loglik_nats, self.sample)


def fold_members(families: Families, split_seed: int) -> list[Indices]:
    """Return the models of each fold: five folds, or as many as there are families.

    No family is in two folds.
    """
    n_folds = min(MOST_FOLDS, len(set(families)))
    folds = GroupKFold(n_folds, shuffle=True, random_state=split_seed)
    return [tested for _, tested in folds.split(families, groups=families)]


def skip_reason(target: Target, families: Families, split_seeds: Sequence[int]) -> str | None:
    """Return why a target cannot be predicted, or None."""
    known = ~np.isnan(target.truth)
    n_families = len(set(families[known]))
    if n_families < FEWEST_FAMILIES:
        return f"needs models of at least {FEWEST_FAMILIES} families, and there are {n_families}"
    if np.ptp(target.truth[known]) == 0:
        return "is the same for all models"
    parts = [part for seed in split_seeds for part in fold_members(families[known], seed)]
    fewest = int(known.sum()) - max(map(len, parts))
    if fewest < FEWEST_TRAINING:
        return f"needs at least {FEWEST_TRAINING} models outside each fold, and there are {fewest}"
    return None


def usable(
    problems: Sequence[Problem], families: Families, split_seeds: Sequence[int]
) -> tuple[list[Problem], dict[str, str]]:
    """Return the problems with the targets that can be predicted, and why others cannot."""
    reasons = {
        target.name: skip_reason(target, families, split_seeds)
        for problem in problems
        for target in problem.targets
    }
    left = [
        replace(problem, targets=[t for t in problem.targets if reasons[t.name] is None])
        for problem in problems
    ]
    skipped = {name: reason for name, reason in reasons.items() if reason is not None}
    return [problem for problem in left if problem.targets], skipped


def all_texts(problem: Problem) -> Point:
    """Return the point of all texts, each once."""
    n_texts = problem.n_texts
    return Point(problem, None, n_texts, UniqueTexts(np.arange(n_texts), np.ones(n_texts)))


def sampled(problem: Problem, published: Sequence[int]) -> list[Point]:
    """Return a point for every method and number of draws: the papers' first run, seed 42 (P2).

    The `published` numbers are of 10,000 texts, and are scaled to the problem's.
    """
    coordinates = double_centred(problem.loglik_nats)
    sizes = grid(problem.n_texts, published)
    points = []
    for method in PAPERS:
        pi = probabilities(method, coordinates)
        drawn = drawn_texts(pi, max(sizes, default=0), FIRST_SEED)
        points += [Point(problem, method, n, unique_texts(drawn[:n], pi)) for n in sizes]
    return points


def out_of_fold(
    coordinates: Matrix, targets: Sequence[Target], families: Families, split_seeds: Sequence[int]
) -> NDArray[np.float64]:
    """Return predictions, shape (target, split seed, model), NaN where the truth is.

    Each model is predicted from models of other families: ridge regression whose alpha is the
    best in folds inside these. Predictions are clipped to the target's bounds (P1, Sect. 5).
    """
    found = np.full((len(targets), len(split_seeds), len(families)), np.nan)
    known = [~np.isnan(target.truth) for target in targets]
    for together in _of_the_same_models(known):
        models = np.flatnonzero(known[together[0]])
        chosen = [targets[i] for i in together]
        splits = [fold_members(families[models], seed) for seed in split_seeds]
        answers = iter(_fitted(coordinates[models], models, chosen, [p for s in splits for p in s]))
        for at, parts in enumerate(splits):
            for part in parts:
                for i, prediction in zip(together, next(answers).T, strict=True):
                    found[i, at, models[part]] = prediction
    for i, target in enumerate(targets):
        if target.bounds is not None:
            found[i] = np.clip(found[i], *target.bounds)
    return found


def _fitted(
    coordinates: Matrix, models: Indices, targets: Sequence[Target], parts: Sequence[Indices]
) -> list[Matrix]:
    alphas = np.unique(np.concatenate([target.alphas for target in targets]))
    allowed = np.stack([np.isin(alphas, target.alphas) for target in targets], axis=1)
    truths = np.stack([target.truth[models] for target in targets], axis=1)
    return predicted(gram_matrix(coordinates), truths, parts, alphas, allowed)


def _of_the_same_models(known: Sequence[NDArray[np.bool_]]) -> list[list[int]]:
    groups: dict[bytes, list[int]] = {}
    for i, models in enumerate(known):
        groups.setdefault(models.tobytes(), []).append(i)
    return list(groups.values())


def curve_rows(point: Point, families: Families, split_seeds: Sequence[int]) -> pd.DataFrame:
    """Return a row per target: mean and standard deviation (ddof 0) over split seeds."""
    targets = point.problem.targets
    predictions = out_of_fold(point.coordinates(), targets, families, split_seeds)
    rows = [
        _row(target, point.method or ALL_TEXTS, point.n, len(point.sample), found)
        for target, found in zip(targets, predictions, strict=True)
    ]
    return pd.DataFrame(rows)


def alone_rows(problem: Problem) -> pd.DataFrame:
    """Return a row per target: the baseline, which is the mean log-likelihood without any fit."""
    rows = [
        _row(target, ALONE, problem.n_texts, problem.n_texts, problem.alone[None, :])
        for target in problem.targets
        if not np.array_equal(target.truth, problem.alone)
    ]
    return pd.DataFrame(rows)


def _row(
    target: Target, method: str, n: int, n_unique: int, predictions: Matrix
) -> dict[str, object]:
    both = np.array([correlations(one, target.truth) for one in predictions])
    (pearson, spearman), (pearson_sd, spearman_sd) = both.mean(axis=0), both.std(axis=0)
    return {
        "target": target.name,
        "method": method,
        "n": n,
        "d": n_unique,
        "pearson": pearson,
        "pearson_sd": pearson_sd,
        "spearman": spearman,
        "spearman_sd": spearman_sd,
    }


def prediction_curves(
    problems: Sequence[Problem], families: Families, settings: PredictSettings, n_workers: int
) -> pd.DataFrame:
    """Return the correlations of every problem by sampling method and number of draws."""
    points = [
        point
        for problem in problems
        for point in [all_texts(problem), *sampled(problem, settings.sizes)]
    ]
    one = partial(curve_rows, families=families, split_seeds=settings.split_seeds)
    rows = each(one, points, n_workers, "predicting")
    alone = [alone_rows(problem) for problem in problems]
    return pd.concat([empty_table(PREDICTION_CURVES), *rows, *alone], ignore_index=True)
