"""Ridge through the Gram matrix gives what scikit-learn's RidgeCV gives."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold

from modelmap.plumbing.arrays import Indices, Matrix, Vector
from modelmap.predict.ridge import gram_matrix, inner_folds, r_squared, ridge_predictions

SCORE_ALPHAS = np.array([1e1, 1e3, 1e5, 1e7, 1e9])
LOGLIK_ALPHAS = np.array([1e-4, 1e-2, 1.0, 1e2, 1e4])


def made_up(n_models: int, n_texts: int, seed: int, scale: float = 30.0) -> tuple[Matrix, Matrix]:
    """Return coordinates of a few strong directions with noise, and three targets."""
    rng = np.random.default_rng(seed)
    places = rng.standard_normal((n_models, 3))
    noise = 0.2 * rng.standard_normal((n_models, n_texts))
    coordinates = scale * (places @ rng.standard_normal((3, n_texts)) + noise)
    targets = [
        places[:, 0] + 0.1 * rng.standard_normal(n_models),
        50 + 20 * rng.standard_normal(n_models),
        coordinates.mean(axis=1),
    ]
    return coordinates, np.stack(targets, axis=1)


def parts_of(n_models: int, n_parts: int) -> list[Indices]:
    """Return parts of unequal sizes that cut through the order of models."""
    label = (np.arange(n_models) ** 2) % (2 * n_parts + 1) % n_parts
    return [part for i in range(n_parts) if len(part := np.flatnonzero(label == i))]


def published(coordinates: Matrix, truth: Vector, part: Indices, alphas: Vector) -> Vector:
    """Return scikit-learn's predictions of one part by all other models."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = RidgeCV(alphas=alphas, cv=5)
        model.fit(np.delete(coordinates, part, axis=0), np.delete(truth, part))
    found: Vector = model.predict(coordinates[part])
    return found


def everything(alphas: Vector, truths: Matrix) -> np.ndarray:
    """Return that every target may have every alpha."""
    return np.ones((len(alphas), truths.shape[1]), dtype=bool)


@pytest.mark.parametrize("alphas", [SCORE_ALPHAS, LOGLIK_ALPHAS], ids=["scores", "loglik"])
@pytest.mark.parametrize("n_texts", [1, 3, 12, 22, 25, 27, 29, 30, 40, 200])
def test_predictions_are_those_of_ridgecv(n_texts: int, alphas: Vector) -> None:
    """With fewer directions than models, about as many, and more; every target by its own alpha."""
    coordinates, truths = made_up(30, n_texts, seed=n_texts)
    parts = parts_of(30, 3)
    found = ridge_predictions(
        gram_matrix(coordinates), truths, parts, alphas, everything(alphas, truths)
    )
    for part, prediction in zip(parts, found, strict=True):
        for target in range(3):
            expected = published(coordinates, truths[:, target], part, alphas)
            error = np.abs(prediction[:, target] - expected).max() / np.std(truths[:, target])
            assert error < 1e-6


@pytest.mark.parametrize("alpha", LOGLIK_ALPHAS)
@pytest.mark.parametrize("n_texts", [24, 30])
def test_every_single_alpha_gives_ridges_predictions_at_the_papers_scale(
    n_texts: int, alpha: float
) -> None:
    """Products of 1e9 beside an alpha of 1e-4, where models and directions are nearly as many."""
    coordinates, truths = made_up(30, n_texts, seed=1, scale=1e4)
    parts = parts_of(30, 4)
    alphas = np.array([alpha])
    found = ridge_predictions(
        gram_matrix(coordinates), truths, parts, alphas, everything(alphas, truths)
    )
    for part, prediction in zip(parts, found, strict=True):
        model = Ridge(alpha, solver="svd")
        model.fit(np.delete(coordinates, part, axis=0), np.delete(truths, part, axis=0))
        error = np.abs(prediction - model.predict(coordinates[part])) / truths.std(axis=0)
        assert error.max() < 1e-6


def test_each_target_has_only_the_alphas_it_is_allowed() -> None:
    """Benchmarks and mean log-likelihood are fitted together, each from its own alphas."""
    coordinates, truths = made_up(24, 40, seed=3)
    both = np.union1d(SCORE_ALPHAS, LOGLIK_ALPHAS)
    ranges = [SCORE_ALPHAS, LOGLIK_ALPHAS, SCORE_ALPHAS]
    allowed = np.stack([np.isin(both, alphas) for alphas in ranges], axis=1)
    parts = parts_of(24, 3)
    found = ridge_predictions(gram_matrix(coordinates), truths, parts, both, allowed)
    for part, prediction in zip(parts, found, strict=True):
        for target, alphas in enumerate(ranges):
            expected = published(coordinates, truths[:, target], part, alphas)
            assert prediction[:, target] == pytest.approx(expected, rel=1e-6)


def test_of_equally_good_alphas_the_smallest_is_chosen() -> None:
    """Where the truth is constant in each inner fold, every alpha's R2 is 0: RidgeCV's tie too."""
    coordinates, _ = made_up(13, 4, seed=0)
    truths = np.repeat([0.0, 3.0, 1.0, 4.0, 2.0, 9.0], [2, 2, 2, 2, 2, 3])[:, None]
    part = np.array([10, 11, 12])
    alphas = np.array([1.0, 1e4])
    allowed = everything(alphas, truths)
    (found,) = ridge_predictions(gram_matrix(coordinates), truths, [part], alphas, allowed)
    smallest = Ridge(alphas[0]).fit(coordinates[:10], truths[:10, 0]).predict(coordinates[part])
    assert found[:, 0] == pytest.approx(smallest)
    assert found[:, 0] == pytest.approx(published(coordinates, truths[:, 0], part, alphas))


def test_models_that_all_lie_together_are_predicted_by_the_mean_of_the_others() -> None:
    """Without any direction all alphas tie."""
    truths = np.arange(12.0)[:, None]
    part = np.array([9, 10, 11])
    (found,) = ridge_predictions(
        np.zeros((12, 12)), truths, [part], SCORE_ALPHAS, everything(SCORE_ALPHAS, truths)
    )
    assert found[:, 0] == pytest.approx([4.0, 4.0, 4.0])


def test_two_equal_models_make_no_difference_to_scikit_learns_answer() -> None:
    """Doubled rows, as a copy that is scored twice, lower the rank below the number of models."""
    coordinates, truths = made_up(24, 60, seed=5)
    coordinates[7] = coordinates[20]
    parts = parts_of(24, 3)
    allowed = everything(LOGLIK_ALPHAS, truths)
    found = ridge_predictions(gram_matrix(coordinates), truths, parts, LOGLIK_ALPHAS, allowed)
    for part, prediction in zip(parts, found, strict=True):
        expected = published(coordinates, truths[:, 0], part, LOGLIK_ALPHAS)
        assert prediction[:, 0] == pytest.approx(expected, rel=1e-6, abs=1e-6)


@settings(deadline=None, max_examples=20)
@given(st.floats(-1e3, 1e3), st.floats(0.1, 100), st.integers(0, 100))
def test_a_shifted_and_stretched_target_is_predicted_shifted_and_stretched(
    shift: float, stretch: float, seed: int
) -> None:
    """Ridge is linear in the target, and the intercept is not penalised."""
    coordinates, truths = made_up(20, 8, seed)
    gram, parts = gram_matrix(coordinates), parts_of(20, 3)
    allowed = everything(SCORE_ALPHAS, truths)
    plain = ridge_predictions(gram, truths, parts, SCORE_ALPHAS, allowed)
    other = ridge_predictions(gram, shift + stretch * truths, parts, SCORE_ALPHAS, allowed)
    for one, moved in zip(plain, other, strict=True):
        assert moved == pytest.approx(shift + stretch * one, rel=1e-6, abs=1e-6 * stretch)


@pytest.mark.parametrize("n_training", [10, 11, 44, 814])
def test_inner_folds_are_scikit_learns(n_training: int) -> None:
    """Five consecutive folds, the first ones longer."""
    expected = [fold.tolist() for _, fold in KFold(5).split(np.zeros(n_training))]
    assert [fold.tolist() for fold in inner_folds(n_training)] == expected


@pytest.mark.parametrize(("n_training", "n_folds"), [(4, 2), (7, 3), (9, 4)])
def test_few_models_have_fewer_inner_folds_of_two_or_more(n_training: int, n_folds: int) -> None:
    """R2 of a single model is not defined."""
    folds = inner_folds(n_training)
    assert len(folds) == n_folds
    assert min(map(len, folds)) >= 2


def test_r_squared_is_scikit_learns_constant_truths_included() -> None:
    """By hand for a constant truth: 0, or 1 where nothing is wrong."""
    truth = np.array([[1.0, 5.0, 5.0], [2.0, 5.0, 5.0], [4.0, 5.0, 5.0]])
    errors = np.array([[[0.5, 0.0, 1.0], [0.0, 0.0, 0.0], [-1.0, 0.0, 0.0]]])
    (score,) = r_squared(truth, errors)
    expected = r2_score(truth, truth - errors[0], multioutput="raw_values")
    assert score == pytest.approx(expected)
    assert score[1:].tolist() == [1.0, 0.0]


def test_too_few_training_models_are_an_error() -> None:
    """Two inner folds of two models need four."""
    with pytest.raises(ValueError, match="needs four training models"):
        ridge_predictions(
            np.eye(6), np.ones((6, 1)), [np.arange(3)], SCORE_ALPHAS, np.ones((5, 1), bool)
        )
