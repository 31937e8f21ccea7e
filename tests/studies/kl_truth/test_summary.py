"""Agreement of truths and estimates: shares, groups, pairs that fail and warnings by hand."""

import json

import numpy as np
import pandas as pd
import pytest

from modelmap.studies.kl_truth.summary import (
    agreement,
    failing_pairs,
    groups,
    judged,
    parts_of_ratio,
    pretrained_summary,
    truth_summary,
    warnings_given,
)


def table() -> pd.DataFrame:
    """Return four pairs: within a factor of 1.5, twice too small, too large, and not known."""
    truth = np.array([1.0, 2.0, 0.5, 1.0])
    one = np.array([True, True, True, False])
    return pd.DataFrame(
        {
            "model_a": list("aabc"),
            "model_b": list("bccd"),
            "kind_a": ["base", "checkpoint", "checkpoint", "base"],
            "kind_b": ["base", "base", "checkpoint", "base"],
            "relation": ["merge", "within family", "between families", "between families"],
            "one_tokenizer": one,
            "truth_bits_per_byte": np.where(one, truth, np.nan),
            "truth_se_bits_per_byte": np.where(one, 0.01, np.nan),
            "string_truth_bits_per_byte": truth,
            "string_truth_se_bits_per_byte": [0.01, 0.01, 0.01, 0.5],
            "drawn_mixture_bits_per_byte": [1.0, 1.6, 0.8, 1.0],
            "kl_bits_per_byte": 1.0,
            "kl_papers_bits_per_byte": [10.0, 12.0, 14.0, 16.0],
            "warning": [True, True, False, False],
        }
    )


def test_agreement_by_hand() -> None:
    """Ratios .5, 1, 1.4 and 4 against estimates in nearly the order of the truths."""
    estimate = np.array([1.0, 2.0, 3.0, 4.0])
    found = agreement(np.array([0.5, 2.0, 4.2, 16.0]), estimate, (1.35, 2.0))
    assert found["n_pairs"] == 4
    assert found["median"] == pytest.approx(1.2)
    assert (found["within_1.35"], found["within_2"]) == (0.25, 0.75)
    assert found["rank_correlation"] == 1.0
    assert agreement(estimate[:2], estimate[:2], (2.0,))["rank_correlation"] is None
    assert agreement(estimate, np.ones(4), (2.0,))["rank_correlation"] is None


def test_truths_of_large_errors_are_not_judged() -> None:
    """Nor those that are missing, or not above 0, or of models that do not differ."""
    pairs = table()
    assert judged(pairs, "truth_bits_per_byte").tolist() == [True, True, True, False]
    pairs.loc[0, "string_truth_bits_per_byte"] = -0.1
    assert judged(pairs, "string_truth_bits_per_byte").tolist() == [False, True, True, False]
    pairs.loc[1, "kl_papers_bits_per_byte"] = 0.0
    assert judged(pairs, "string_truth_bits_per_byte").tolist() == [False, False, True, False]


def test_groups_are_relations_tokenizers_and_early_checkpoints() -> None:
    """An early checkpoint against another one is not against a final model."""
    found = {name: inside.tolist() for name, inside in groups(table()).items() if inside.any()}
    assert found == {
        "all pairs": [True, True, True, True],
        "one tokenizer": [True, True, True, False],
        "across tokenizers": [False, False, False, True],
        "merge": [True, False, False, False],
        "within family": [False, True, False, False],
        "between families": [False, False, True, True],
        "early checkpoint, final model": [False, True, False, False],
    }


def test_failing_pairs_are_named_with_the_two_parts_of_their_ratio() -> None:
    """2 = 1.6 by the texts times 1.25 by the form, .5 = .8 times .625; both are equally far."""
    found = failing_pairs(table(), "truth_bits_per_byte")
    assert found == [
        {"pair": "a, c", "truth_over_estimate": 2.0, "texts": 1.6, "form": 1.25, "warning": True},
        {"pair": "b, c", "truth_over_estimate": 0.5, "texts": 0.8, "form": 0.625, "warning": False},
    ]


def test_parts_of_ratios_by_hand() -> None:
    """Texts 1, 1.6 and .8, form 1, 1.25 and .625: the ratios 1, 2 and .5 rise with the texts."""
    found = parts_of_ratio(table(), "truth_bits_per_byte")
    assert found["texts"] == {"q5": 0.82, "median": 1.0, "q95": 1.54}
    assert found["form"] == {"q5": 0.662, "median": 1.0, "q95": 1.225}
    logs = np.log([1.0, 1.6, 0.8]), np.log([1.0, 2.0, 0.5])
    wanted = float(np.corrcoef(*logs)[0, 1])
    assert found["correlation_with_texts"] == pytest.approx(wanted, abs=1e-3)
    assert parts_of_ratio(table().iloc[:1], "truth_bits_per_byte")["correlation_with_texts"] is None
    assert "texts" not in parts_of_ratio(table().iloc[:0], "truth_bits_per_byte")


def test_warnings_are_counted_by_hand() -> None:
    """One of two failing pairs is warned of, and one that is near."""
    assert warnings_given(table(), "truth_bits_per_byte") == {
        "n_pairs": 3,
        "beyond_and_warned": 1,
        "beyond_and_not_warned": 1,
        "within_and_warned": 1,
    }


def test_the_summary_is_json_without_missing_numbers() -> None:
    """Groups without a known truth are left out."""
    pairs = table().assign(kl_bits_per_byte=[1.0, 1.1, 1.2, 1.3])
    summary = json.loads(json.dumps(truth_summary(pairs, (1.5,)), allow_nan=False))
    tokens = summary["truth_over_estimate"]["token_sequences"]
    assert "across tokenizers" not in tokens["mixture"]
    assert tokens["papers"]["all pairs"]["median"] == 0.1
    assert summary["string_truth_over_truth"]["median"] == 1.0
    assert summary["median_relative_standard_error"]["token_sequences"] == 0.01


def test_pretrained_pairs_are_summed_up_and_a_missing_second_model_is_told() -> None:
    """A truth of 1 is one times the mixture estimate and a tenth of the papers'."""
    pairs = table().iloc[:1]
    found = pretrained_summary(1, pairs)
    assert found["truth_over_estimate"] == {"a, b": {"mixture": 1.0, "papers": 0.1}}
    told = "skipped: needs two pretrained models, and the roster has 1"
    assert found["two_pretrained_models"] == told
    assert pretrained_summary(0, pairs.iloc[:0])["two_pretrained_models"] == told[:-1] + "none"
    assert pretrained_summary(2, pairs)["two_pretrained_models"] == "compared"
