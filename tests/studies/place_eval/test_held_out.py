"""Placing known models as if they were new."""

import numpy as np
import pandas as pd
import pytest

from modelmap.place.few_texts import distances
from modelmap.studies.place_eval.held_out import (
    FAMILY,
    MODEL,
    Known,
    error_table,
    held_out_sample,
    sample_errors,
)

FAMILIES = ["a", "a", "a", "b", "b", "c", "c"]
N_TEXTS = 30


def known(seed: int = 0) -> Known:
    """Return made-up models, those of a family near each other."""
    rng = np.random.default_rng(seed)
    centres = {family: 3 * rng.standard_normal(3) for family in set(FAMILIES)}
    points = np.array([centres[family] + rng.standard_normal(3) for family in FAMILIES])
    apart = np.square(points[:, None] - points[None]).sum(axis=2)
    texts = rng.gamma(3, size=N_TEXTS)[:, None, None]
    own = rng.gamma(30, size=(N_TEXTS, len(FAMILIES), len(FAMILIES))) / 30
    terms = apart * texts * (own + own.transpose(0, 2, 1)) / 2
    return Known(terms, np.full(terms.shape, 100.0), FAMILIES)


def test_every_model_is_held_out_alone_and_with_its_family() -> None:
    """Seven models at two sizes, in both ways."""
    cases = sample_errors(known(), [4, 8], seed=1, number=0)
    assert cases.groupby(["held_out", "n_texts"]).size().to_dict() == {
        (MODEL, 4): 7,
        (MODEL, 8): 7,
        (FAMILY, 4): 7,
        (FAMILY, 8): 7,
    }


def test_nothing_of_a_held_out_model_is_used_but_its_sampled_texts() -> None:
    """Other terms of the model in the texts outside the sample change no estimate."""
    one = known()
    texts, others = np.array([3, 9, 12]), np.array([0, 1, 3, 4, 5, 6])
    changed = one.terms.copy()
    outside = np.setdiff1d(np.arange(N_TEXTS), texts)
    changed[outside, 2, :] = changed[outside, :, 2] = 99.0
    other = Known(changed, one.n_bytes, FAMILIES)
    samples = [held_out_sample(each, each.kl, texts, 2, others) for each in (one, other)]
    assert (one.kl[2, 0], other.kl[2, 0]) != (one.kl[2, 0], one.kl[2, 0])
    first, second = (distances(sample) for sample in samples)
    np.testing.assert_array_equal(first.kl, second.kl)
    np.testing.assert_array_equal(first.relative_error, second.relative_error)


def test_errors_fall_with_texts_and_by_controls() -> None:
    """Over 8 samples; with all texts there is no error left."""
    runs = [sample_errors(known(), [4, 16, N_TEXTS], seed=3, number=n) for n in range(8)]
    table = error_table(runs).set_index(["held_out", "n_texts"])
    for kind in (MODEL, FAMILY):
        errors = table.loc[kind, "error"]
        assert errors[4] > errors[16] > errors[N_TEXTS]
        assert errors[N_TEXTS] == pytest.approx(0, abs=1e-9)
    assert (table["error"] <= table["plain_error"] + 1e-12).all()
    assert table.loc[(MODEL, 4), "n_cases"] == 56


def test_the_table_has_root_mean_squares_and_means() -> None:
    """Squares 1 and 9: the root of 5."""
    columns = [
        "held_out",
        "n_texts",
        "plain_square",
        "square",
        "coverage",
        "plain_nearest",
        "nearest",
    ]
    runs = [
        pd.DataFrame([(MODEL, 4, 1.0, 1.0, 1.0, True, True)], columns=columns),
        pd.DataFrame([(MODEL, 4, 9.0, 1.0, 0.5, False, True)], columns=columns),
    ]
    (row,) = error_table(runs).to_dict("records")
    assert row["plain_error"] == pytest.approx(5**0.5)
    assert (row["error"], row["coverage"]) == (1, 0.75)
    assert (row["plain_nearest"], row["nearest"], row["n_cases"]) == (0.5, 1, 2)
