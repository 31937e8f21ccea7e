"""New models: who is new, that they decide nothing, and errors by kind of pair."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelmap.divergence.kl import squared_distances
from modelmap.matrix.clip_centre import clipped, double_centred
from modelmap.new_models.tables import NEW_MODEL_ERRORS
from modelmap.new_models.trial import (
    DESIGNS,
    LS_BY_EXISTING,
    UNIFORM_SAME_TEXTS,
    arrival_order,
    draws_until,
    error_table,
    newest,
    pair_kinds,
    run_errors,
    skip_reason,
    trial,
)
from modelmap.plumbing.tables import check_table
from modelmap.resample.estimate import weighted_coordinates
from modelmap.resample.paper_draws import drawn_texts

LOGLIK = -700 + 50 * np.random.default_rng(0).standard_normal((8, 60))
IS_NEW = np.array([False, True, False, False, False, True, False, True])


def roster(**created: str | None) -> pd.DataFrame:
    """Return a models table's columns that matter: names with their dates."""
    frame = pd.DataFrame({"model": list(created), "created": list(created.values())})
    return frame.astype("str")


def test_models_come_by_date_then_by_name() -> None:
    """Of two models of one day the first by name is the older."""
    models = roster(b="2024-05-01", c="2023-01-31", a="2024-05-01", d="2024-04-30")
    assert [models["model"][i] for i in arrival_order(models)] == ["c", "d", "a", "b"]


def test_models_without_a_date_come_first_in_their_order() -> None:
    """They count as older than any that has one, and nothing tells them apart but the roster."""
    models = roster(z=None, b="2020-01-01", a="2019-01-01", y=None)
    assert [models["model"][i] for i in arrival_order(models)] == ["z", "y", "a", "b"]
    undated = roster(z=None, a=None, m=None)
    assert arrival_order(undated).tolist() == [0, 1, 2]


def test_the_order_does_not_depend_on_the_index() -> None:
    """Positions are counted, whatever the rows are called."""
    models = roster(b="2024-05-01", c=None, a="2023-05-01").set_index(np.array([7, 3, 7]))
    assert arrival_order(models).tolist() == [1, 2, 0]


@settings(deadline=None)
@given(st.permutations(range(6)))
def test_dated_models_come_in_one_order_whatever_the_roster(order: list[int]) -> None:
    """A roster written otherwise has the same new models."""
    dates = ["2020-01-01", "2020-01-01", "2021-06-30", "2022-02-02", "2022-02-03", "2023-01-01"]
    models = roster(**{f"m{i}": dates[i] for i in order})
    assert sorted(models["model"][newest(models, 0.34)]) == ["m4", "m5"]


@pytest.mark.parametrize(("n_models", "expected"), [(1018, 120), (55, 6), (12, 1), (5, 1), (4, 0)])
def test_so_many_of_so_many_models_are_new(n_models: int, expected: int) -> None:
    """At the share 0.118: P2's 120 of 1,018; the last ones of an undated roster."""
    is_new = newest(roster(**{f"m{i}": None for i in range(n_models)}), 0.118)
    assert is_new.sum() == expected
    assert is_new[n_models - expected :].all()


@pytest.mark.parametrize(
    ("n_existing", "n_new", "reason"),
    [
        (4, 0, "needs at least 1 new model; new_models.share of 4 models rounds to 0"),
        (3, 2, "needs at least 4 existing models, not 3"),
        (4, 1, None),
    ],
)
def test_too_few_models_are_told(n_existing: int, n_new: int, reason: str | None) -> None:
    """Four existing models are enough, with one that is new."""
    is_new = np.array([False] * n_existing + [True] * n_new)
    assert skip_reason(LOGLIK[: len(is_new)], is_new, 0.02) == reason


def test_existing_models_that_are_identical_choose_no_texts() -> None:
    """Even if the new models differ, from them and from each other."""
    values = LOGLIK.copy()
    values[~IS_NEW] = LOGLIK[0]
    assert skip_reason(values, IS_NEW, 0.0) == (
        "needs existing models that differ, and all squared distances between them are 0"
    )
    values[2] = LOGLIK[2]
    assert skip_reason(values, IS_NEW, 0.0) is None


def test_identical_new_models_have_no_row_of_their_own() -> None:
    """An error relative to all distances between them would be 0 / 0."""
    values = LOGLIK.copy()
    values[IS_NEW] = LOGLIK[1]
    table = run_errors(trial(values, IS_NEW, 0.0, 20), 42)
    assert set(table["pairs"]) == {"existing_existing", "new_existing"}
    assert np.isfinite(table["absolute_error"]).all()


@settings(deadline=None)
@given(st.floats(-1e5, 0), st.integers(0, 99))
def test_new_models_decide_neither_the_threshold_nor_the_probabilities(
    value: float, seed: int
) -> None:
    """With any other new rows: the same threshold, the same probabilities, the same texts drawn."""
    other = LOGLIK.copy()
    other[IS_NEW] = value + 9 * np.random.default_rng(seed).standard_normal((3, 60))
    one, two = (trial(values, IS_NEW, 0.05, 20) for values in (LOGLIK, other))
    assert one.clip_threshold == two.clip_threshold
    assert (one.pi_existing == two.pi_existing).all()
    first, second = one.samples(42)[LS_BY_EXISTING][1], two.samples(42)[LS_BY_EXISTING][1]
    assert (first.texts == second.texts).all()
    assert (first.squared_weights == second.squared_weights).all()


def test_new_models_are_clipped_by_the_existing_ones_threshold() -> None:
    """The quantile of existing rows alone, here by hand their least value; new rows are raised."""
    values = LOGLIK.copy()
    values[IS_NEW] -= 5000
    found = trial(values, IS_NEW, 0.0, 20)
    assert found.clip_threshold == values[~IS_NEW].min()
    expected = double_centred(np.maximum(values, values[~IS_NEW].min()))
    np.testing.assert_array_equal(found.coordinates, expected)
    assert found.coordinates[1] == pytest.approx(found.coordinates[5], abs=1e-9)


def test_existing_models_alone_weigh_the_texts() -> None:
    """The length-squared probabilities of the existing rows: their variance over models."""
    found = trial(LOGLIK, IS_NEW, 0.05, 20)
    rows = clipped(LOGLIK[~IS_NEW], found.clip_threshold)
    variance = (rows - rows.mean(axis=1, keepdims=True)).var(axis=0)
    np.testing.assert_allclose(found.pi_existing, variance / variance.sum(), rtol=1e-12)


def test_kinds_of_pairs_are_all_pairs_once() -> None:
    """5 existing and 3 new models: 10, 15 and 3 of 28 pairs."""
    kinds = pair_kinds(IS_NEW)
    assert [int(pairs.sum()) for pairs in kinds.values()] == [10, 15, 3]
    times = np.sum(list(kinds.values()), axis=0)
    np.testing.assert_array_equal(times, np.triu(np.ones((8, 8)), 1))
    assert kinds["new_existing"][0, 1]
    assert kinds["new_new"][1, 5]


def test_errors_are_those_of_every_pair_by_their_definition() -> None:
    """Each pair's distance from the weighted coordinates against its distance from all texts."""
    shared = trial(LOGLIK, IS_NEW, 0.02, 20)
    table = run_errors(shared, 43).set_index(["design", "pairs"])
    full = squared_distances(shared.coordinates)
    values = clipped(LOGLIK, shared.clip_threshold)
    for design, (n, sample) in shared.samples(43).items():
        estimated = squared_distances(weighted_coordinates(values, sample))
        for n_new, kind in enumerate(("existing_existing", "new_existing", "new_new")):
            pairs = [p for p in combinations(range(8), 2) if IS_NEW[list(p)].sum() == n_new]
            off = np.array([estimated[p] - full[p] for p in pairs])
            size = np.array([full[p] for p in pairs])
            row = table.loc[(design, kind)]
            assert (row["n_pairs"], row["n"], row["d"]) == (len(pairs), n, len(sample))
            assert row["relative_error"] == pytest.approx(np.sqrt(np.mean((off / size) ** 2)))
            absolute = np.linalg.norm(off) / np.linalg.norm(size)
            assert row["absolute_error"] == pytest.approx(absolute)


def test_designs_are_compared_at_the_same_draws_or_the_same_unique_texts() -> None:
    """LS draws 20 times; uniform draws as often, or until it has as many unique texts."""
    shared = trial(LOGLIK, IS_NEW, 0.02, 20)
    for seed in range(42, 62):
        samples = shared.samples(seed)
        assert tuple(samples) == DESIGNS
        assert [n for n, _ in samples.values()][:3] == [20, 20, 20]
        assert len(samples[UNIFORM_SAME_TEXTS][1]) == len(samples[LS_BY_EXISTING][1])


@settings(deadline=None)
@given(st.integers(1, 12), st.integers(0, 99))
def test_draws_stop_at_the_first_that_gives_enough_unique_texts(n_unique: int, seed: int) -> None:
    """Up to all texts; one draw less has one text less; it is a beginning of the papers' draws."""
    even = np.full(12, 1 / 12)
    drawn = draws_until(n_unique, even, 2, seed)
    assert len(np.unique(drawn)) == n_unique
    assert len(np.unique(drawn[:-1])) == n_unique - 1
    assert (drawn == drawn_texts(even, len(drawn), seed)).all()


def test_more_unique_texts_than_can_be_drawn_are_an_error() -> None:
    """Of three texts one has no chance."""
    with pytest.raises(ValueError, match="3 unique texts of 2"):
        draws_until(3, np.array([0.5, 0.5, 0.0]), 4, 1)


def test_runs_are_joined_by_the_mean_and_the_root_mean_square() -> None:
    """Errors 3 and 4 are sqrt(12.5); 10 and 14 unique texts are 12 on average."""
    row = {"design": LS_BY_EXISTING, "pairs": "new_new", "n_pairs": 1, "n": 20}
    runs = [
        pd.DataFrame([{**row, "d": d, "relative_error": e, "absolute_error": 2 * e}])
        for d, e in ((10, 3.0), (14, 4.0))
    ]
    table = check_table(error_table(runs), NEW_MODEL_ERRORS, "new_models.csv")
    assert table.loc[0, ["n", "d"]].tolist() == [20, 12]
    errors = table.loc[0, ["relative_error", "absolute_error"]].tolist()
    assert errors == pytest.approx([12.5**0.5, 2 * 12.5**0.5])
