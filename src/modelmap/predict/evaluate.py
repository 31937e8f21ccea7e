"""Cross-validated predictions by ridge regression, for models of families not trained on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

from modelmap.divergence.kl import reason_if_identical
from modelmap.matrix.clip_centre import double_centred
from modelmap.plumbing.arrays import Indices, Matrix
from modelmap.plumbing.parallel import parallel_map
from modelmap.plumbing.tables import empty_table
from modelmap.predict.correlation import ALL_TEXTS, BASELINE, correlations, is_constant
from modelmap.predict.ridge import gram_matrix, ridge_predictions
from modelmap.predict.settings import PredictSettings
from modelmap.predict.tables import PREDICTION_CURVES
from modelmap.predict.targets import Problem, Target
from modelmap.resample.estimate import UniqueTexts, unique_texts, weighted_coordinates
from modelmap.resample.methods import PAPERS, probabilities
from modelmap.resample.paper_draws import FIRST_SEED, drawn_texts, grid

Families = NDArray[np.object_]
"""The family name of each model, shape (K,)."""

MAX_FOLDS = 5
MIN_FAMILIES = 2
MIN_TRAINING_MODELS = 4
"""Two inner folds of two models each, which ridge regression chooses its alpha by."""


@dataclass(frozen=True)
class Point:
    """A point of a curve: a problem, and a sample of its texts to predict from.

    The sample has `n` draws by the sampling method `method`, or all texts if that is None.
    """

    problem: Problem
    method: str | None
    n: int
    sample: UniqueTexts

    def coordinates(self) -> Matrix:
        """Return the coordinates of all models from the sample's texts, shape (K, d)."""
        return weighted_coordinates(self.problem.loglik_nats, self.sample)


def fold_members(families: Families, split_seed: int) -> list[Indices]:
    """Return the positions of the models of each fold: five folds, or one per family if fewer.

    All models of a family are in one fold: they resemble one another, so a model would be too
    easy to predict from its own family (Oyama et al. 2025, ACL, Section 5).
    """
    n_folds = min(MAX_FOLDS, len(set(families)))
    folds = GroupKFold(n_folds, shuffle=True, random_state=split_seed)
    return [test_part for _, test_part in folds.split(families, groups=families)]


def skip_reason(target: Target, families: Families, split_seeds: Sequence[int]) -> str | None:
    """Return the reason why a target cannot be predicted, or None if it can."""
    known = ~np.isnan(target.truth)
    n_families = len(set(families[known]))
    if n_families < MIN_FAMILIES:
        return f"needs models of at least {MIN_FAMILIES} families, and there are {n_families}"
    if is_constant(target.truth[known]):
        return "is the same for all models"
    parts = [part for seed in split_seeds for part in fold_members(families[known], seed)]
    fewest = int(known.sum()) - max(map(len, parts))
    if fewest < MIN_TRAINING_MODELS:
        return (
            f"needs at least {MIN_TRAINING_MODELS} models outside each fold, and there are {fewest}"
        )
    return None


def predictable(
    problems: Sequence[Problem], families: Families, split_seeds: Sequence[int]
) -> tuple[list[Problem], dict[str, str]]:
    """Return the problems with only their predictable targets, and the reasons for the others.

    Problems without any predictable target are left out. Reasons are given by target name.
    """
    reasons = {
        target.name: reason_if_identical(double_centred(problem.loglik_nats))
        or skip_reason(target, families, split_seeds)
        for problem in problems
        for target in problem.targets
    }
    reduced = [
        replace(problem, targets=[t for t in problem.targets if reasons[t.name] is None])
        for problem in problems
    ]
    skipped = {name: reason for name, reason in reasons.items() if reason is not None}
    return [problem for problem in reduced if problem.targets], skipped


def all_texts_point(problem: Problem) -> Point:
    """Return the point of a problem that uses all texts, each with weight 1."""
    n_texts = problem.n_texts
    return Point(problem, None, n_texts, UniqueTexts(np.arange(n_texts), np.ones(n_texts)))


def sampled_points(problem: Problem, published: Sequence[int]) -> list[Point]:
    """Return a point for every sampling method of the papers and every number of draws.

    Draws are those of the papers' first run, with seed 42 (Oyama et al. 2025, EMNLP Findings,
    Figure 4). `published` are numbers of draws from 10,000 texts, which are scaled to the number
    of texts of the problem.
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
    """Return out-of-fold predictions, shape (targets, split seeds, K), NaN where the truth is NaN.

    `coordinates` have shape (K, d). Each model is predicted by ridge regression trained on models
    of the other folds only, hence of other families. Alpha is chosen by folds within these
    training models. Predictions are clipped to the bounds of their target (Oyama et al. 2025,
    ACL, Section 5).
    """
    predictions = np.full((len(targets), len(split_seeds), len(families)), np.nan)
    known = [~np.isnan(target.truth) for target in targets]
    # Targets with the same models share the decomposition of the Gram matrix, which is most of
    # the work, and so do all folds of all splits.
    for group in _targets_with_same_models(known):
        models = np.flatnonzero(known[group[0]])
        splits = [fold_members(families[models], seed) for seed in split_seeds]
        parts = [(row, part) for row, split in enumerate(splits) for part in split]
        fitted = _predict_parts(
            coordinates[models], models, [targets[i] for i in group], [part for _, part in parts]
        )
        for (row, part), part_predictions in zip(parts, fitted, strict=True):
            for i, prediction in zip(group, part_predictions.T, strict=True):
                predictions[i, row, models[part]] = prediction
    for i, target in enumerate(targets):
        if target.bounds is not None:
            predictions[i] = np.clip(predictions[i], *target.bounds)
    return predictions


def _predict_parts(
    coordinates: Matrix, models: Indices, targets: Sequence[Target], parts: Sequence[Indices]
) -> list[Matrix]:
    """Return for each test part the predictions of its models, shape (part, targets).

    `coordinates` are those of `models`, and `parts` are positions in `models`.
    """
    # All targets are fitted for the union of their alphas; each may choose among its own only.
    alphas = np.unique(np.concatenate([target.alphas for target in targets]))
    allowed = np.stack([np.isin(alphas, target.alphas) for target in targets], axis=1)
    truths = np.stack([target.truth[models] for target in targets], axis=1)
    return ridge_predictions(gram_matrix(coordinates), truths, parts, alphas, allowed)


def _targets_with_same_models(known: Sequence[NDArray[np.bool_]]) -> list[list[int]]:
    """Return the positions of targets, grouped by the models whose truth is known."""
    groups: dict[bytes, list[int]] = {}
    for i, models in enumerate(known):
        groups.setdefault(models.tobytes(), []).append(i)
    return list(groups.values())


def curve_rows(point: Point, families: Families, split_seeds: Sequence[int]) -> pd.DataFrame:
    """Return one row per target with the columns of PREDICTION_CURVES.

    Means and standard deviations (ddof 0) are over split seeds.
    """
    targets = point.problem.targets
    predictions = out_of_fold(point.coordinates(), targets, families, split_seeds)
    rows = [
        _row(target, point.method or ALL_TEXTS, point.n, len(point.sample), of_target)
        for target, of_target in zip(targets, predictions, strict=True)
    ]
    return pd.DataFrame(rows)


def baseline_rows(problem: Problem) -> pd.DataFrame:
    """Return one row per target: the correlation of the mean log-likelihood with the truth.

    Nothing is fitted. The target that is the mean log-likelihood itself has no row.
    """
    rows = [
        _row(target, BASELINE, problem.n_texts, problem.n_texts, problem.baseline[None, :])
        for target in problem.targets
        if not np.array_equal(target.truth, problem.baseline)
    ]
    return pd.DataFrame(rows)


def _row(
    target: Target, method: str, n: int, n_unique: int, predictions: Matrix
) -> dict[str, object]:
    by_split = np.array([correlations(values, target.truth) for values in predictions])
    pearson, spearman = by_split.mean(axis=0)
    pearson_sd, spearman_sd = by_split.std(axis=0)
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
    """Return the correlations of all problems by target, sampling method and number of draws."""
    points = [
        point
        for problem in problems
        for point in [all_texts_point(problem), *sampled_points(problem, settings.sizes)]
    ]
    rows_of_point = partial(curve_rows, families=families, split_seeds=settings.split_seeds)
    rows = parallel_map(rows_of_point, points, n_workers, "predicting")
    baseline = [baseline_rows(problem) for problem in problems]
    return pd.concat([empty_table(PREDICTION_CURVES), *rows, *baseline], ignore_index=True)
