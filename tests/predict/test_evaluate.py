"""Predicting models of unseen families: folds, correlations, and the published way as oracle."""

import warnings
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import pearsonr, spearmanr
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GroupKFold

from modelmap.matrix.clip_centre import double_centred
from modelmap.predict.correlation import ALL_TEXTS, BASELINE, correlations
from modelmap.predict.evaluate import (
    Families,
    all_texts_point,
    baseline_rows,
    curve_rows,
    fold_members,
    out_of_fold,
    predictable,
    sampled_points,
    skip_reason,
)
from modelmap.predict.targets import Problem, Target

ALPHAS = np.array([1e1, 1e3, 1e5, 1e7, 1e9])
LOGLIK_ALPHAS = np.array([1e-4, 1e-2, 1.0, 1e2, 1e4])
SEEDS = [0, 1]


def families_of(sizes: Sequence[int]) -> Families:
    """Return family names, models of a family apart from each other."""
    names = [f"f{i}" for i, size in enumerate(sizes) for _ in range(size)]
    return np.array(names, dtype=object)[np.random.default_rng(9).permutation(len(names))]


def made_up(n_models: int = 28, n_texts: int = 60) -> Problem:
    """Return a problem of two full targets and one with gaps, which needs clipping."""
    rng = np.random.default_rng(4)
    places = rng.standard_normal((n_models, 3))
    loglik = -500 + 40 * places @ rng.standard_normal((3, n_texts))
    loglik += 10 * rng.standard_normal((n_models, n_texts))
    gaps = 50 + 60 * places[:, 2]
    gaps[[2, 11]] = np.nan
    targets = [
        Target("one", 50 + 5 * places[:, 0], ALPHAS),
        Target("two", 3 * places[:, 1], LOGLIK_ALPHAS),
        Target("gaps", gaps, ALPHAS, (0.0, 100.0)),
    ]
    return Problem(loglik, loglik.mean(axis=1), targets)


FAMILIES = families_of([9, 7, 5, 3, 2, 1, 1])


def published(coordinates: np.ndarray, target: Target, seed: int) -> np.ndarray:
    """Return the papers' own way: GroupKFold, RidgeCV, models without a score dropped, clipped."""
    kept = ~np.isnan(target.truth)
    x, y, groups = coordinates[kept], target.truth[kept], FAMILIES[kept]
    pooled = np.empty(len(y))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for train, test in GroupKFold(5, shuffle=True, random_state=seed).split(x, y, groups):
            model = RidgeCV(alphas=target.alphas, cv=5).fit(x[train], y[train])
            pooled[test] = model.predict(x[test])
    found = np.full(len(target.truth), np.nan)
    found[kept] = pooled if target.bounds is None else np.clip(pooled, *target.bounds)
    return found


@pytest.mark.parametrize(("size", "seed"), [(None, 0), (1500, 1)])
def test_out_of_fold_predictions_are_the_published_ones(size: int | None, seed: int) -> None:
    """Three targets with their own alphas and gaps, from all texts and from nine draws."""
    problem = made_up()
    point = sampled_points(problem, [size])[0] if size else all_texts_point(problem)
    found = out_of_fold(point.coordinates(), problem.targets, FAMILIES, [seed])
    for target, (prediction,) in zip(problem.targets, found, strict=True):
        expected = published(point.coordinates(), target, seed)
        assert prediction == pytest.approx(expected, rel=1e-6, abs=1e-6, nan_ok=True)


def test_predictions_of_scores_stay_between_0_and_100() -> None:
    """Others are left as they are; here some would lie beyond."""
    problem = made_up()
    gaps = problem.targets[2]
    unbound = Target("gaps", gaps.truth, gaps.alphas)
    coordinates = double_centred(problem.loglik_nats)
    free, bound = out_of_fold(coordinates, [unbound, gaps], FAMILIES, SEEDS)
    known = ~np.isnan(free)
    assert free[known].min() < 0
    assert free[known].max() > 100
    assert bound[known].tolist() == np.clip(free[known], 0, 100).tolist()


@given(st.lists(st.integers(1, 6), min_size=2, max_size=9), st.integers(0, 99))
def test_folds_are_five_or_the_families_and_cut_no_family(sizes: list[int], seed: int) -> None:
    """Every model is tested once, and never by models of its own family."""
    families = families_of(sizes)
    parts = fold_members(families, seed)
    assert len(parts) == min(5, len(sizes))
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(families)))
    for i, part in enumerate(parts):
        others = np.concatenate([other for j, other in enumerate(parts) if j != i])
        assert not set(families[part]) & set(families[others])


@pytest.mark.parametrize(
    ("truth", "families", "reason"),
    [
        ([1, 2, 3, 4], "aaaa", "needs models of at least 2 families, and there are 1"),
        (
            [1, 2, np.nan, np.nan],
            "aabb",
            "needs models of at least 2 families, and there are 1",
        ),
        ([np.nan] * 4, "aabb", "needs models of at least 2 families, and there are 0"),
        ([7, 7, 7, np.nan], "aabb", "is the same for all models"),
        (
            [1, 2, 3, 4, 5, 6, 7],
            "aaaabbb",
            "needs at least 4 models outside each fold, and there are 3",
        ),
        ([1, 2, 3, 4, 5, 6, 7, 8], "aaaabbbb", None),
    ],
)
def test_what_cannot_be_predicted_is_told(
    truth: list[float], families: str, reason: str | None
) -> None:
    """One family, one value, or too few models to learn from."""
    target = Target("t", np.array(truth, dtype=float), ALPHAS)
    assert skip_reason(target, np.array(list(families), dtype=object), SEEDS) == reason


def test_only_usable_targets_are_left_with_the_reasons_of_the_others() -> None:
    """A problem whose targets are all skipped goes as a whole."""
    problem = made_up()
    flat = Target("flat", np.full(28, 3.0), ALPHAS)
    with_flat = Problem(problem.loglik_nats, problem.baseline, [flat, problem.targets[0]])
    only_flat = Problem(
        problem.loglik_nats, problem.baseline, [Target("level", flat.truth, ALPHAS)]
    )
    left, skipped = predictable([with_flat, only_flat], FAMILIES, SEEDS)
    assert [[target.name for target in one.targets] for one in left] == [["one"]]
    assert skipped == dict.fromkeys(["flat", "level"], "is the same for all models")


def test_targets_of_texts_on_which_all_models_agree_are_skipped() -> None:
    """Nothing tells the models apart that could predict a target."""
    problem = made_up()
    agreeing = Problem(np.full((28, 9), -7.1), problem.baseline, problem.targets[:1])
    left, skipped = predictable([agreeing], FAMILIES, SEEDS)
    assert left == []
    assert skipped == {
        "one": "needs models that differ, and all squared distances between them are 0"
    }


def test_correlations_are_scipys_over_models_with_both() -> None:
    """NaN on either side is left out; a constant has no correlation, up to rounding."""
    truth, prediction = np.array([1.0, 2, 4, np.nan, 9]), np.array([2.0, 1, 5, 6, 11])
    kept = [0, 1, 2, 4]
    assert correlations(prediction, truth) == pytest.approx(
        (pearsonr(prediction[kept], truth[kept])[0], spearmanr(prediction[kept], truth[kept])[0])
    )
    assert np.isnan(correlations(np.full(5, 3.0), truth)).all()
    assert np.isnan(correlations(truth, 3.0 + 1e-13 * prediction)).all()


def test_a_curve_has_the_mean_and_deviation_over_splits() -> None:
    """Of the pooled predictions of each split, ddof 0, with all draws and unique texts."""
    problem = made_up()
    rows = curve_rows(all_texts_point(problem), FAMILIES, SEEDS)
    assert rows["target"].tolist() == ["one", "two", "gaps"]
    assert set(rows["method"]) == {ALL_TEXTS}
    assert rows[["n", "d"]].to_numpy().tolist() == [[60, 60]] * 3
    coordinates = double_centred(problem.loglik_nats)
    found = out_of_fold(coordinates, problem.targets, FAMILIES, SEEDS)
    for row, target, predictions in zip(rows.itertuples(), problem.targets, found, strict=True):
        both = [correlations(prediction, target.truth) for prediction in predictions]
        pearson, spearman = np.array(both).T
        assert row.pearson == pytest.approx(pearson.mean(), abs=1e-6)
        assert row.pearson_sd == pytest.approx(pearson.std(), abs=1e-6)
        assert row.spearman == pytest.approx(spearman.mean(), abs=1e-6)
        assert row.spearman_sd == pytest.approx(spearman.std(), abs=1e-6)


def test_samples_are_the_papers_first_run_at_scaled_sizes() -> None:
    """RandomState(42).choice with p, for three methods; 500 and 3,000 of 10,000 are 3 and 18."""
    problem = made_up()
    points = sampled_points(problem, [100, 500, 3000])
    assert [(p.method, p.n) for p in points] == [
        (method, n) for method in ("uniform", "ls", "kl") for n in (3, 18)
    ]
    drawn = np.random.RandomState(42).choice(60, 18, p=np.full(60, 1 / 60))
    assert points[1].sample.texts.tolist() == sorted(set(drawn.tolist()))
    assert points[1].coordinates().shape == (28, len(set(drawn.tolist())))


def test_sizes_of_less_than_two_texts_leave_no_sample() -> None:
    """With few texts the smallest published sizes have nothing."""
    assert sampled_points(made_up(), [10, 100]) == []


def test_the_mean_log_likelihood_alone_is_told_but_not_for_itself() -> None:
    """The baseline is a plain correlation, without any fit."""
    problem = made_up()
    own = Target("own", problem.baseline, ALPHAS)
    rows = baseline_rows(Problem(problem.loglik_nats, problem.baseline, [problem.targets[0], own]))
    (row,) = rows.itertuples()
    assert (row.target, row.method, row.n, row.d) == ("one", BASELINE, 60, 60)
    assert row.pearson == pytest.approx(pearsonr(problem.baseline, problem.targets[0].truth)[0])
    assert row.pearson_sd == 0
