"""Errors of a model's KLs from few texts: by hand, and against all texts."""

import numpy as np
import pandas as pd
import pytest
from helpers.matrices import made_up, made_up_segments

from modelmap.divergence.mixture import pair_sums
from modelmap.matrix.clip_centre import double_centred
from modelmap.plumbing.tables import check_table
from modelmap.resample.estimate import UniqueTexts
from modelmap.resample.pair_terms import PairTerms
from modelmap.studies.few_texts.categories import category_differences
from modelmap.studies.few_texts.clipping import clipping_variants
from modelmap.studies.few_texts.errors import Model, few_text_errors
from modelmap.studies.few_texts.summary import few_texts_summary
from modelmap.studies.few_texts.tables import FEW_TEXTS, FEW_TEXTS_CATEGORIES

N_TEXTS, N_MODELS = 80, 6


def model_of(position: int) -> Model:
    """Return one of six models on eighty texts."""
    segments = made_up_segments(N_TEXTS)
    others = [i for i in range(N_MODELS) if i != position]
    pairs = np.array([(position, other) for other in others])
    terms = pair_sums(segments.loglik_nats, segments.first, segments.n_bytes, pairs)
    coordinates = double_centred(made_up(N_MODELS, N_TEXTS))
    return Model(f"m{position}", position, PairTerms(*terms), coordinates)


def test_papers_distances_are_those_of_the_coordinates() -> None:
    """From all texts, and from a sample that is all texts; the model itself is left out."""
    model = model_of(2)
    squares = np.square(model.coordinates - model.coordinates[2]).sum(axis=1)
    expected = squares[[0, 1, 3, 4, 5]]
    np.testing.assert_allclose(model.papers_distances(), expected)
    everything = UniqueTexts(np.arange(N_TEXTS), np.ones(N_TEXTS))
    np.testing.assert_allclose(model.papers_distances(everything), expected)


def test_the_table_has_a_row_for_each_estimate_way_of_drawing_and_size() -> None:
    """Errors fall with the number of texts, and only simple random samples have intervals."""
    table = few_text_errors(model_of(5), model_of(5).coordinates[:5], [10, 40], 60, seed=1)
    checked = check_table(table, FEW_TEXTS, "few_texts.csv")
    assert len(checked) == 2 * 2 * 2
    for _, rows in checked.groupby(["estimate", "draws"]):
        assert rows.sort_values("d")["relative_error"].is_monotonic_decreasing
    has = checked["coverage"].notna()
    assert (
        has == ((checked["estimate"] == "mixture") & (checked["draws"] == "simple random"))
    ).all()
    assert checked["coverage"][has].between(0.85, 1).all()
    same = few_text_errors(model_of(5), model_of(5).coordinates[:5], [10, 40], 60, seed=1)
    pd.testing.assert_frame_equal(table, same)


def test_the_summary_has_the_kl_of_every_two_models_by_both_estimates() -> None:
    """The same, whichever of the two is asked."""
    models = [model_of(4), model_of(5)]
    tables = [few_text_errors(one, one.coordinates[:4], [20], 4, seed=1) for one in models]
    summary = few_texts_summary(pd.concat(tables), models, 900.0)
    kl = summary["kl_bits_per_byte"]
    assert isinstance(kl, dict)
    sums = models[1].pairs
    mixture = sums.terms[:, 4].sum() / sums.n_bytes[:, 4].sum() / np.log(2)
    papers = models[1].papers_distances()[4] / N_TEXTS / 2 / (900 * np.log(2))
    assert kl["m4, m5"] == {
        "mixture": pytest.approx(mixture, rel=1e-3),
        "papers": pytest.approx(papers, rel=1e-3),
    }


def test_differences_by_category_are_by_hand_those_of_two_models() -> None:
    """Bits and KL are ratios of sums over the texts of a category; equal documents give width 0."""
    models = [model_of(4), model_of(5)]
    texts = pd.DataFrame(
        {
            "document_id": [f"d{i}" for i in range(N_TEXTS - 1)] + ["d0"],
            "category": ["code"] * 40 + ["news"] * 39 + ["lone"],
            "n_bytes": np.full(N_TEXTS, 100),
        }
    )
    logliks = np.stack([np.full(N_TEXTS, -100.0), np.full(N_TEXTS, -150.0)])
    table = check_table(
        category_differences(models, logliks, texts), FEW_TEXTS_CATEGORIES, "categories"
    )
    # A category of one document has no interval.
    assert list(table["category"]) == ["code", "news"]
    assert list(table["n_texts"]) == [40, 39]
    np.testing.assert_allclose(table["more_bits_per_byte"], 0.5 / np.log(2))
    np.testing.assert_allclose(
        table["low_more_bits_per_byte"], table["high_more_bits_per_byte"], rtol=1e-12
    )
    pair = models[0].pairs
    kl = pair.terms[:40, 4].sum() / pair.n_bytes[:40, 4].sum() / np.log(2)
    assert table["kl_bits_per_byte"][0] == pytest.approx(kl)
    assert (table["low_kl_bits_per_byte"] < table["kl_bits_per_byte"]).all()
    assert (table["kl_bits_per_byte"] < table["high_kl_bits_per_byte"]).all()


def test_intervals_by_category_contain_the_population_difference() -> None:
    """In 95% of simulated categories of independent documents, within the error of 200 trials."""
    rng = np.random.default_rng(0)
    models = [model_of(4), model_of(5)]
    texts = pd.DataFrame(
        {"document_id": np.arange(N_TEXTS), "category": "code", "n_bytes": np.full(N_TEXTS, 10)}
    )
    covered = 0
    for _ in range(200):
        logliks = np.stack([rng.normal(-20, 3, N_TEXTS), np.full(N_TEXTS, -20.0)])
        row = category_differences(models, logliks, texts).iloc[0]
        covered += row["low_more_bits_per_byte"] <= 0 <= row["high_more_bits_per_byte"]
    assert 180 <= covered <= 198


def test_clipping_one_of_two_equal_vectors_makes_them_differ() -> None:
    """By hand: -10, -2, -2, -2 with the threshold -2; the difference is 8 in one of four texts."""
    same = np.array([-10.0, -2.0, -2.0, -2.0])
    found = clipping_variants(same, same, mean_bytes=1.0, quantile=0.5)
    assert found["papers_unclipped"] == found["papers_clipped"] == 0
    assert found["papers_one_clipped"] == pytest.approx(12 / (2 * np.log(2)))
