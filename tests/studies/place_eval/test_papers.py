"""The papers' distances of held-out models."""

import numpy as np
import pandas as pd
import pytest

from modelmap.resample.estimate import UniqueTexts
from modelmap.studies.place_eval.papers import (
    DIFFERENCE,
    LS,
    UNIFORM,
    difference_estimate,
    leave_one_out_predictions,
    sample_cases,
)
from modelmap.studies.place_eval.summary import papers_table

N_MODELS, N_TEXTS = 12, 60


def log_likelihoods(seed: int, n_models: int = N_MODELS) -> np.ndarray:
    """Return models in a space of three dimensions, with a small part of their own."""
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((n_models, 3)) @ rng.standard_normal((3, N_TEXTS)) * 20
    return shared + rng.standard_normal((n_models, N_TEXTS)) - 500


def squared_distances(values: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Return the squared distances of centred rows, as they are defined."""
    rows, row = values - values.mean(axis=1, keepdims=True), new - new.mean()
    return np.asarray(np.square(rows - row).sum(axis=1))


def test_all_texts_give_the_distances_themselves() -> None:
    """With every text in the sample at weight 1 the predictions do not matter."""
    values = log_likelihoods(0)
    everything = UniqueTexts(np.arange(N_TEXTS), np.ones(N_TEXTS))
    found = difference_estimate(values[1:], values[0], everything)
    np.testing.assert_allclose(found, squared_distances(values[1:], values[0]))


def test_a_scored_text_is_predicted_without_itself() -> None:
    """The prediction is that of the process fitted to the other texts of the sample."""
    values = log_likelihoods(1)
    texts = np.array([4, 10, 25, 40, 52])
    sample = UniqueTexts(texts, np.full(5, N_TEXTS / 5))
    first = leave_one_out_predictions(values[1:], values[0][texts], sample)
    deviations = values[1:] - values[1:].mean(axis=0)
    covariance = deviations.T @ deviations / (N_MODELS - 1)
    observed = values[0] - values[1:].mean(axis=0)
    others = texts[1:]
    candidates = []
    for noise in np.geomspace(1e-4, 1, 13):
        level = noise * np.diag(covariance)[texts].mean()
        fitted = covariance[np.ix_(others, others)] + level * np.eye(4)
        candidates.append(covariance[4, others] @ np.linalg.solve(fitted, observed[others]))
    assert np.abs(np.array(candidates) - first[4]).min() == pytest.approx(0, abs=1e-8)


def test_unscored_entries_of_a_held_out_model_change_nothing() -> None:
    """The estimate reads the new model's values of the sampled texts alone."""
    values = log_likelihoods(2)
    texts = np.array([1, 5, 9, 33])
    sample = UniqueTexts(texts, np.full(4, 15.0))
    changed = values.copy()
    changed[0, np.setdiff1d(np.arange(N_TEXTS), texts)] = -9.0
    one, other = (
        difference_estimate(each[1:], each[0][texts], sample) for each in (values, changed)
    )
    np.testing.assert_array_equal(one, other)


def test_the_difference_estimator_needs_fewer_texts_than_ls() -> None:
    """Where models lie in a space of few dimensions, over three samples."""
    families = np.array([f"f{i // 3}" for i in range(N_MODELS)])
    names = np.array([f"m{i}" for i in range(N_MODELS)])
    values = log_likelihoods(3)
    runs = [sample_cases(values, names, families, 0.02, [12], 5, n) for n in range(3)]
    table = papers_table(pd.concat(runs)).set_index(["held_out", "method"])
    for kind in ("model", "family"):
        errors = table.loc[kind, "error"]
        assert errors[DIFFERENCE] < 0.7 * errors[LS]
        assert set(errors.index) == {UNIFORM, LS, DIFFERENCE}
        assert table.loc[(kind, LS), "difference_high"] == 0
        assert table.loc[(kind, DIFFERENCE), "difference_high"] < 0
    assert (table["n_cases"] == 36).all()
