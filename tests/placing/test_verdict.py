"""What a new model is to the nearest known one."""

import numpy as np
import pandas as pd
import pytest

from modelmap.placing.few_texts import Sample
from modelmap.placing.verdict import (
    COPY,
    FAMILY,
    MADE,
    NONE,
    STATEMENTS,
    UNRELATED,
    held_out_cases,
    outcome,
    relations,
    stem,
    verdict,
)

N_FAMILIES, PER_FAMILY = 6, 5
KINDS = ("base", "quantised", "quantised", "finetune", "finetune")


def models() -> pd.DataFrame:
    """Return six families: a base model, two quantised copies of it, and two fine-tunes."""
    rows = [
        (f"f{f}-{i}", f"f{f}", None if i == 0 else f"f{f}-0", kind)
        for f in range(N_FAMILIES)
        for i, kind in enumerate(KINDS)
    ]
    return pd.DataFrame(rows, columns=["model", "family", "parent", "kind"])


def kls(seed: int = 0) -> np.ndarray:
    """Return KLs: copies within .001, fine-tunes within .02, families within 1 of each other."""
    rng = np.random.default_rng(seed)
    points = []
    for _ in range(N_FAMILIES):
        base = rng.standard_normal(20) / 40**0.5
        steps = [0.0, 0.001, 0.002, 0.1, 0.14]
        points += [base + step * rng.standard_normal(20) / 20**0.5 for step in steps]
    return np.asarray(np.square(np.array(points)[:, None] - np.array(points)).sum(axis=2))


def sample_of(kl: np.ndarray, row: np.ndarray) -> Sample:
    """Return a sample of two equal texts with these KLs."""
    terms, known = np.stack([row, row]), np.stack([kl, kl])
    return Sample(terms, np.ones(terms.shape), known, np.ones(known.shape), kl, 0.1)


@pytest.mark.parametrize(
    ("model", "nearest", "expected"),
    [
        ("f0-1", "f0-0", COPY),
        ("f0-1", "f0-2", COPY),
        ("f0-0", "f0-2", COPY),
        ("f0-3", "f0-0", MADE),
        ("f0-3", "f0-4", MADE),
        ("f0-0", "f0-3", MADE),
        ("f0-3", "f1-0", UNRELATED),
    ],
)
def test_the_outcome_follows_from_the_relations(model: str, nearest: str, expected: str) -> None:
    """A fine-tune whose nearest model is another one was made from the parent of both."""
    table = models()
    position = {name: i for i, name in enumerate(table["model"])}
    others = np.delete(np.arange(len(table)), position[model])
    assert outcome(position[model], position[nearest], others, relations(table)) == expected


def test_without_the_parent_fine_tunes_are_of_the_same_family() -> None:
    """Their parent is not among the known models; without the family there is no relative."""
    related = relations(models())
    without_base = np.setdiff1d(np.arange(len(related.models)), [0, 1, 2, 3])
    assert stem(4, without_base, related) == 4
    assert outcome(3, 4, without_base, related) == FAMILY
    assert outcome(3, 9, np.arange(5, 30), related) == NONE


def test_two_copies_of_an_unknown_model_are_copies_of_each_other() -> None:
    """Also among some of the models, of which the original is not one."""
    related = relations(models()).of(np.array([1, 2, 5]))
    assert outcome(0, 1, np.array([1, 2]), related) == COPY


def test_models_are_recognised_by_how_near_they_are() -> None:
    """A held-out copy, fine-tune, and model of a family that is not known, each with confidence."""
    kl, related = kls(), relations(models())
    for model, is_left, expected, named in (
        (1, np.arange(30) != 1, COPY, "f0-"),
        (3, np.arange(30) != 3, MADE, "f0-0"),
        (3, np.arange(30) >= PER_FAMILY, NONE, ""),
    ):
        others = np.flatnonzero(is_left)
        square = kl[np.ix_(others, others)]
        found = verdict(sample_of(square, kl[model, others]), kl[model, others], related.of(others))
        assert found is not None
        assert found.statement == expected
        assert found.confidence > 0.7
        name = related.models[others][found.named] if found.named >= 0 else ""
        assert name.startswith(named)
        assert set(found.confidences) == set(STATEMENTS)
        assert sum(found.confidences.values()) <= 1 + 1e-9


def test_every_known_model_is_held_out_in_two_ways() -> None:
    """Each of 30 alone, and with its family."""
    kl = kls()
    features, outcomes = held_out_cases(kl, kl, relations(models()))
    assert len(features) == len(outcomes) == 60
    assert outcomes.count(NONE) == 30
    assert outcomes.count(COPY) == 18
    assert outcomes.count(MADE) == 12


def test_models_without_known_relations_give_no_verdict() -> None:
    """Every held-out case is the same, so that nothing can be learnt."""
    table = models().assign(family=[f"f{i}" for i in range(30)], parent=None, kind="base")
    kl = kls()
    assert verdict(sample_of(kl, kl[0]), kl[0], relations(table)) is None
