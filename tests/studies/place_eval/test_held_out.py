"""Placing known models as if they were new."""

import numpy as np
import pandas as pd

from modelmap.placing.few_texts import Sample, distances
from modelmap.placing.verdict import ALONE, WITH_FAMILY, relations, verdict
from modelmap.studies.place_eval.held_out import (
    Known,
    _parent,
    held_out_sample,
    sample_cases,
)
from modelmap.studies.place_eval.summary import error_table

FAMILIES = ["a", "a", "a", "b", "b", "c", "c"]
PARENTS = [None, "m0", "m0", None, "m3", None, "m5"]
KINDS = ["base", "quantised", "finetune", "base", "finetune", "base", "finetune"]
N_TEXTS = 30


def models() -> pd.DataFrame:
    """Return three families of a base model and what was made from it."""
    names = [f"m{i}" for i in range(len(FAMILIES))]
    return pd.DataFrame({"model": names, "family": FAMILIES, "parent": PARENTS, "kind": KINDS})


def known(seed: int = 0) -> Known:
    """Return made-up models, those of a family near each other."""
    rng = np.random.default_rng(seed)
    centres = {family: 3 * rng.standard_normal(3) for family in sorted(set(FAMILIES))}
    points = np.array([centres[family] + rng.standard_normal(3) for family in FAMILIES])
    apart = np.square(points[:, None] - points[None]).sum(axis=2)
    texts = rng.gamma(3, size=N_TEXTS)[:, None, None]
    own = rng.gamma(30, size=(N_TEXTS, len(FAMILIES), len(FAMILIES))) / 30
    terms = apart * texts * (own + own.transpose(0, 2, 1)) / 2
    return Known(terms, np.full(terms.shape, 100.0), relations(models()))


def test_every_model_is_held_out_alone_and_with_its_family() -> None:
    """Seven at two sizes, in both ways; the parent stays known if a model is held out alone."""
    cases = sample_cases(known(), [4, 8], seed=1, number=0)
    assert cases.groupby(["held_out", "n_texts"]).size().to_dict() == {
        (ALONE, 4): 7,
        (ALONE, 8): 7,
        (WITH_FAMILY, 4): 7,
        (WITH_FAMILY, 8): 7,
    }
    with_parent = cases[cases["parent"].notna()]
    assert set(with_parent["held_out"]) == {ALONE}
    assert set(with_parent["model"]) == {"m1", "m2", "m4", "m6"}
    assert (cases["nearest_or_tied"] >= cases["nearest"]).all()


def test_nothing_of_a_held_out_model_is_used_but_its_sampled_texts() -> None:
    """Other terms of the model in texts outside the sample change no estimate and no verdict."""
    one = known()
    texts, others = np.array([3, 9, 12]), np.array([0, 1, 3, 4, 5, 6])
    changed = one.terms.copy()
    outside = np.setdiff1d(np.arange(N_TEXTS), texts)
    changed[outside, 2, :] = changed[outside, :, 2] = 99.0
    other = Known(changed, one.n_bytes, one.related)
    assert one.kl[2, 0] != other.kl[2, 0]
    samples = [held_out_sample(each, each.kl, texts, 2, others) for each in (one, other)]
    first, second = (distances(sample) for sample in samples)
    np.testing.assert_array_equal(first.kl, second.kl)
    np.testing.assert_array_equal(first.relative_error, second.relative_error)
    related = one.related.of(others)
    assert verdict(samples[0], first.kl, related) == verdict(samples[1], second.kl, related)


def test_errors_fall_with_texts_and_by_the_known_models() -> None:
    """Over 8 samples; with all texts there is no error left."""
    runs = [sample_cases(known(), [4, 16, N_TEXTS], seed=3, number=n) for n in range(8)]
    table = error_table(pd.concat(runs)).set_index(["held_out", "n_texts"])
    for kind in (ALONE, WITH_FAMILY):
        errors = table.loc[kind, "error"]
        assert errors[4] > errors[16] > errors[N_TEXTS]
        assert errors[N_TEXTS] < 1e-9
    assert (table["error"] <= table["plain_error"] + 1e-12).all()
    assert (table["difference_high"] <= 1e-12).all()
    assert table.loc[(ALONE, 4), "n_cases"] == 56


def test_the_parent_of_a_merge_is_named_by_either_of_its_fine_tunes() -> None:
    """Both were made from it; a model of another family names another parent."""
    related = relations(
        pd.DataFrame(
            {
                "model": ["base", "one", "two", "merge", "other"],
                "family": ["a", "a", "a", "a", "b"],
                "parent": [None, "base", "base", "base", None],
                "kind": ["base", "finetune", "finetune", "merge", "base"],
            }
        )
    )
    others = np.array([0, 1, 2, 4])
    terms = np.random.default_rng(0).uniform(8, 9, (20, 4))
    for nearest, named in ((0, 1.0), (1, 1.0), (2, 1.0), (3, 0.0)):
        near = terms.copy()
        near[:, nearest] /= 100
        square = np.ones((20, 4, 4))
        sample = Sample(near, np.ones((20, 4)), square, square, square[0], 0.5)
        found = _parent(sample, near.mean(axis=0), related, 3, others)
        assert found == (named, named)
