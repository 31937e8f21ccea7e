"""The divergence stage on small projects: right numbers of both estimates, and odd projects."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from helpers.tables import write_even_segments

from modelmap.divergence import stage
from modelmap.divergence.tables import CLUSTERS, KL, NEIGHBOURS, TEXT_IMPORTANCE
from modelmap.matrix.file import LogLikelihoods, read_matrix, write_matrix
from modelmap.matrix.segments_file import read_segments, write_segments
from modelmap.matrix.tables import MODELS
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_table, write_table
from modelmap.texts.tables import TEXTS
from modelmap.texts.text_set import text_set_hash

BY_HAND = [[-5.0, -6.0, -7.0, -8.0], [-6.0, -6.0, -6.0, -8.0], [-7.0, -8.0, -5.0, -6.0]]
UNIT = 10 * math.log(2)
Make = Callable[..., Layout]


@pytest.fixture
def project(tmp_path: Path) -> Make:
    """Return a function that makes a project of three models on four texts of ten bytes."""

    def make(families: str = "aab", documents: str = "wxyz", estimate: str = "papers") -> Layout:
        layout = Layout(tmp_path)
        texts = pd.DataFrame(
            {
                "text_id": range(4),
                "text": [f"text of {i}." for i in range(4)],
                "category": "c",
                "source": "s",
                "source_version": "",
                "source_path": "",
                "document_id": list(documents),
                "chunk_index": 0,
                "n_bytes": 10,
            }
        )
        write_table(texts, TEXTS, layout.texts)
        text_set = text_set_hash(texts["text"])
        matrix = LogLikelihoods(np.array(BY_HAND), list("pqr"), -99.0, 10.0, text_set)
        write_matrix(matrix, layout.matrix)
        write_even_segments(matrix, texts, layout)
        models = pd.DataFrame(
            {
                "model": list("pqr"),
                "family": list(families),
                "parent": [None, "p", None],
                "kind": ["base", "finetune", "base"],
                "created": None,
                "n_params": 1,
                "dtype": "float32",
                "revision": "r",
                "added_bos": True,
                "n_texts": 4,
            }
        ).astype({"parent": "str", "created": "str"})
        write_table(models, MODELS, layout.models)
        settings = {
            "texts": {"n_texts": 4, "seed": 1},
            "divergence": {
                **{"estimate": estimate, "n_neighbours": 5},
                **{"linkage": "average", "confidence": 0.95},
            },
        }
        layout.resolved.write_text(yaml.safe_dump(settings))
        return layout

    return make


def metrics(layout: Layout) -> dict[str, object]:
    """Return what the stage told people."""
    content = json.loads(layout.metrics("divergence").read_text())
    assert isinstance(content, dict)
    return content


def test_the_stage_gives_the_divergences_of_a_case_by_hand(project: Make) -> None:
    """KL .25, 2 and 1.25 nats on texts of ten bytes, in bits per byte, with plain errors."""
    layout = project()
    stage.run(layout)
    pairs = read_table(layout.kl, KL)
    kl = [0.25 / UNIT, 2 / UNIT, 1.25 / UNIT]
    named = [("p", "q"), ("p", "r"), ("q", "r")]
    assert list(zip(pairs["model_a"], pairs["model_b"], strict=True)) == named
    assert pairs["kl_bits_per_byte"].tolist() == pytest.approx(kl, rel=1e-12)
    # Terms .5 0 .5 0; 2 2 2 2; .5 2 .5 2: sums of squares .25, 0 and 2.25, over N (N - 1) = 12.
    errors = [(0.25 / 12) ** 0.5 / UNIT, 0.0, (2.25 / 12) ** 0.5 / UNIT]
    assert pairs["se_bits_per_byte"].tolist() == pytest.approx(errors, abs=1e-9)
    # Equal squares, or none: 3 degrees of freedom, whose 97.5% quantile is 3.18245.
    reach = np.exp(3.18245 * np.array(errors) / np.array(kl))
    low, high = pairs["low_bits_per_byte"], pairs["high_bits_per_byte"]
    assert low.tolist() == pytest.approx((np.array(kl) / reach).tolist(), rel=1e-5)
    assert high.tolist() == pytest.approx((np.array(kl) * reach).tolist(), rel=1e-5)
    first = read_table(layout.neighbours, NEIGHBOURS).query("rank == 1")
    assert first["neighbour"].tolist() == ["q", "p", "q"]
    heights = read_table(layout.clusters, CLUSTERS)["height_bits_per_byte"].tolist()
    assert heights == pytest.approx([kl[0], (kl[1] + kl[2]) / 2], rel=1e-12)


def test_without_segments_both_estimates_are_the_papers(project: Make) -> None:
    """All texts count, nothing is warned of, and no text has an importance."""
    layout = project()
    stage.run(layout)
    pairs = read_table(layout.kl, KL)
    for name in ("kl", "se", "low", "high"):
        papers = pairs[f"{name}_papers_bits_per_byte"]
        assert pairs[f"{name}_bits_per_byte"].tolist() == papers.tolist()
    assert pairs["n_texts"].tolist() == [4, 4, 4]
    assert pairs["warning"].tolist() == ["", "", ""]
    assert read_table(layout.text_importance, TEXT_IMPORTANCE).empty
    assert metrics(layout)["estimate"] == "papers"


def mixture_nats(difference: float) -> float:
    """Return the terms of a text whose difference is spread over segments of 4, 3, 2, 1 bytes."""
    parts = [difference * n_bytes / 10 for n_bytes in (4, 3, 2, 1)]
    return sum(part * math.tanh(part / 2) for part in parts)


def test_the_mixture_estimates_of_a_case_by_hand(project: Make) -> None:
    """Texts of ten bytes: the mean of their terms; the papers' estimates stand beside them."""
    layout = project()
    stage.run(layout)
    papers = read_table(layout.kl, KL)["kl_bits_per_byte"].tolist()
    project(estimate="mixture")
    stage.run(layout)
    pairs = read_table(layout.kl, KL)
    assert pairs["kl_papers_bits_per_byte"].tolist() == papers
    differences = [[1, 0, -1, 0], [2, 2, -2, -2], [1, 2, -1, -2]]
    terms = np.array([[mixture_nats(value) for value in row] for row in differences])
    kl = terms.mean(axis=1) / UNIT
    assert pairs["kl_bits_per_byte"].tolist() == pytest.approx(kl.tolist(), rel=1e-5)
    errors = terms.std(axis=1, ddof=1) / 2 / UNIT
    assert pairs["se_bits_per_byte"].tolist() == pytest.approx(errors.tolist(), rel=1e-4, abs=1e-7)
    assert pairs["n_texts"].tolist() == [4, 4, 4]
    relative = (terms - terms.mean(axis=1, keepdims=True)) / terms.sum(axis=1, keepdims=True)
    importance = read_table(layout.text_importance, TEXT_IMPORTANCE)
    assert importance["text_id"].tolist() == [0, 1, 2, 3]
    # The pair p, r has equal terms in all texts, and only rounding left of its residuals.
    found = np.square(importance["relative_residual"]) * 3
    assert found.tolist() == pytest.approx(np.square(relative).sum(axis=0).tolist(), rel=1e-3)
    assert metrics(layout)["estimate"] == "mixture"


def test_texts_that_one_model_finds_likelier_are_warned_of(project: Make) -> None:
    """Where tanh(Delta / 2) is above 0.6 on average; not where differences go both ways."""
    layout = project(estimate="mixture")
    matrix = read_matrix(layout.matrix)
    values = matrix.loglik_nats.copy()
    values[2] = values[0] - 40
    table = read_table(layout.texts, TEXTS)
    write_even_segments(replace(matrix, loglik_nats=values), table, layout)
    stage.run(layout)
    pairs = read_table(layout.kl, KL)
    assert pairs["warning"].tolist() == ["", "one-sided", "one-sided"]


def test_segments_of_more_models_in_another_order_give_the_same_estimates(project: Make) -> None:
    """Rows are found by the names of the models."""
    layout = project(estimate="mixture")
    stage.run(layout)
    kept = layout.kl.read_bytes(), layout.text_importance.read_bytes()
    segments = read_segments(layout.segments, layout.segment_table)
    rows, n_segments = np.array(segments.loglik_nats), len(segments.n_bytes)
    rows = np.concatenate([rows[[2, 0, 1]], rows[:1] - 5])
    write_segments(rows, ["r", "p", "q", "other"], n_segments, segments.text_set, layout.segments)
    stage.run(layout)
    assert (layout.kl.read_bytes(), layout.text_importance.read_bytes()) == kept


def test_the_mixture_of_imported_models_is_refused_in_one_line(project: Make) -> None:
    """Their log-likelihoods are of whole texts; the papers' estimate needs no more."""
    layout = project(estimate="mixture")
    segments = read_segments(layout.segments, layout.segment_table)
    rows, n_segments = np.array(segments.loglik_nats[1:2]), len(segments.n_bytes)
    write_segments(rows, ["q"], n_segments, segments.text_set, layout.segments)
    with pytest.raises(UserError) as caught:
        stage.run(layout)
    assert str(caught.value) == (
        "models without log-likelihoods of segments, because they are imported: p, r; set "
        "divergence.estimate to papers in params.yaml"
    )
    assert not layout.kl.exists()


def test_models_with_no_texts_in_common_are_named(project: Make) -> None:
    """Nothing is known of such a pair; the project's earlier tables stay."""
    layout = project(estimate="mixture")
    segments = read_segments(layout.segments, layout.segment_table)
    rows, n_segments = np.array(segments.loglik_nats), len(segments.n_bytes)
    rows[0, 8:] = rows[1, 4:] = rows[2, :8] = np.nan
    write_segments(rows, list("pqr"), n_segments, segments.text_set, layout.segments)
    with pytest.raises(UserError) as caught:
        stage.run(layout)
    assert str(caught.value) == (
        "models without scored segments of texts from two documents in common: p and q, p and r, "
        "q and r; give them more texts in conf/models, or remove one of each"
    )
    assert not layout.kl.exists()


def test_metrics_are_the_medians_of_the_case_by_hand(project: Make) -> None:
    """Within a family .25 nats, between 1.625, to the parent .25: all in bits per byte."""
    layout = project()
    stage.run(layout)
    told = metrics(layout)
    assert told["median_kl_within_family"] == pytest.approx(0.25 / UNIT, abs=1e-4)
    assert told["median_kl_between_families"] == pytest.approx(1.625 / UNIT, abs=1e-4)
    assert told["median_kl_finetune_bits_per_byte"] == pytest.approx(0.25 / UNIT, abs=1e-4)
    assert told["nearest_in_family_share"] == pytest.approx(2 / 3, abs=1e-3)


def test_the_metrics_say_what_the_intervals_cover(project: Make) -> None:
    """The population of documents, at the level asked for; strata where categories are drawn."""
    layout = project()
    stage.run(layout)
    told = metrics(layout)
    assert told["intervals_cover"] == "the population of documents the texts come from"
    assert (told["confidence"], told["n_documents"], told["n_strata"]) == (0.95, 4, 1)
    pairs = read_table(layout.kl, KL)
    half = (pairs["high_bits_per_byte"] - pairs["low_bits_per_byte"]) / 2
    relative = (half / pairs["kl_bits_per_byte"]).median()
    assert told["median_relative_half_width"] == pytest.approx(relative, abs=1e-3)


@pytest.mark.parametrize(
    ("families", "absent"),
    [("abc", "median_kl_within_family"), ("aaa", "median_kl_between_families")],
)
def test_a_project_of_single_models_or_of_one_family_is_no_error(
    project: Make, families: str, absent: str
) -> None:
    """A median of no pairs is told as null, and everything else as ever."""
    layout = project(families)
    stage.run(layout)
    assert metrics(layout)[absent] is None
    assert len(read_table(layout.kl, KL)) == 3


def test_texts_of_one_document_are_told_in_one_line(project: Make) -> None:
    """No standard error can be had from one document: a UserError says so."""
    with pytest.raises(UserError, match="document"):
        stage.run(project(documents="wwww"))


def test_texts_that_were_not_scored_are_told(project: Make) -> None:
    """A texts table of another set than the matrix's stops the stage."""
    layout = project()
    texts = read_table(layout.texts, TEXTS)
    texts.loc[0, "text"] = "another te"
    write_table(texts, TEXTS, layout.texts)
    with pytest.raises(UserError, match=r"texts\.parquet is not the text set"):
        stage.run(layout)


def add_partial_model(layout: Layout) -> np.ndarray:
    """Add model s, a copy of r that has texts 1 and 3 only; return the segments of all models."""
    segments = read_segments(layout.segments, layout.segment_table)
    rows = np.vstack([segments.loglik_nats, segments.loglik_nats[2] - np.float32(0.25)])
    ends = np.append(segments.first[1:], rows.shape[1])
    for text in (0, 2):
        rows[3, segments.first[text] : ends[text]] = np.nan
    names = [*segments.models, "s"]
    write_segments(rows, names, rows.shape[1], segments.text_set, layout.segments)
    models = read_table(layout.models, MODELS)
    added = pd.concat([models, models.iloc[[2]].assign(model="s", n_texts=2)], ignore_index=True)
    write_table(added, MODELS, layout.models)
    return rows


def test_a_model_on_some_texts_is_compared_on_the_texts_that_both_have(project: Make) -> None:
    """Its KLs are ratios over these texts, without papers' estimates, and move no other number."""
    layout = project(estimate="mixture")
    stage.run(layout)
    before, importance = read_table(layout.kl, KL), layout.text_importance.read_bytes()
    rows = add_partial_model(layout)
    stage.run(layout)
    pairs = read_table(layout.kl, KL)
    old = pairs[pairs["model_b"] != "s"].reset_index(drop=True)
    pd.testing.assert_frame_equal(old, before, check_exact=True)
    assert layout.text_importance.read_bytes() == importance
    new = pairs[pairs["model_b"] == "s"]
    assert new["n_texts"].tolist() == [2, 2, 2]
    assert new.filter(like="papers").isna().all(axis=None)
    there = ~np.isnan(rows[3])
    difference = rows[:3, there].astype(np.float64) - rows[3, there]
    terms = (difference * np.tanh(difference / 2)).sum(axis=1)
    assert new["kl_bits_per_byte"].tolist() == pytest.approx(terms / (2 * UNIT), rel=1e-5)
    neighbours = read_table(layout.neighbours, NEIGHBOURS)
    assert neighbours.query("model == 's' and rank == 1")["neighbour"].tolist() == ["r"]
    assert read_table(layout.clusters, CLUSTERS)["size"].max() == 4


def test_the_papers_estimate_leaves_out_models_on_some_texts(project: Make) -> None:
    """All tables are those without such a model."""
    layout = project(estimate="papers")
    stage.run(layout)
    files = (layout.kl, layout.neighbours, layout.clusters)
    before = [path.read_bytes() for path in files]
    add_partial_model(layout)
    stage.run(layout)
    assert [path.read_bytes() for path in files] == before
