"""How well estimates agree with simulated KLs: statistics over pairs, and pairs that fail."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from modelmap.plumbing.arrays import Mask, Vector
from modelmap.studies.kl_truth.comparison import (
    DRAWN_MIXTURE,
    ESTIMATES,
    RELATIONS,
    STRING,
    TOKEN,
    TRUTHS,
    WARNING,
)

MAX_RELATIVE_ERROR = 0.1
"""A truth of a larger relative standard error is not judged: its ratio would show its own error."""
FACTOR = 1.5
"""Pairs whose truth and mixture estimate differ by more than this factor are named."""


def judged(table: pd.DataFrame, truth: str) -> Mask:
    """Return for each pair whether a column of truths is known well enough to judge estimates.

    Pairs with an estimate of 0, of models that do not differ, are not judged.
    """
    differ = (table[list(ESTIMATES.values())] > 0).all(axis=1)
    error = table[truth.replace("_bits", "_se_bits")]
    known = (table[truth] > 0) & (error <= MAX_RELATIVE_ERROR * table[truth])
    found: Mask = (differ & known).to_numpy()
    return found


def agreement(truth: Vector, estimate: Vector, factors: Sequence[float]) -> dict[str, object]:
    """Return the distribution of truth over estimate, shares within factors, rank correlation.

    The rank correlation is None for fewer than 3 pairs, and where all values are equal.
    """
    ratio = truth / estimate
    q5, median, q95 = np.quantile(ratio, (0.05, 0.5, 0.95), method="linear")
    has_ranks = len(truth) > 2 and np.ptp(truth) > 0 and np.ptp(estimate) > 0
    rank = round(float(spearmanr(truth, estimate).statistic), 3) if has_ranks else None
    return {
        "n_pairs": len(truth),
        "q5": round(float(q5), 3),
        "median": round(float(median), 3),
        "q95": round(float(q95), 3),
        **{f"within_{factor:g}": round(share_within(ratio, factor), 3) for factor in factors},
        "rank_correlation": rank,
    }


def share_within(ratio: Vector, factor: float) -> float:
    """Return the share of ratios from 1 / `factor` to `factor`."""
    return float(((ratio <= factor) & (ratio >= 1 / factor)).mean())


def groups(table: pd.DataFrame) -> dict[str, Mask]:
    """Return which pairs belong to each group, by name; groups overlap."""
    one = table["one_tokenizer"].to_numpy()
    early = (table["kind_a"] == "checkpoint") != (table["kind_b"] == "checkpoint")
    relations = [
        *RELATIONS,
        *sorted(set(table["relation"]).difference(RELATIONS)),
    ]
    return {
        "all pairs": np.ones(len(table), dtype=bool),
        "one tokenizer": one,
        "across tokenizers": ~one,
        **{name: (table["relation"] == name).to_numpy() for name in relations},
        "early checkpoint, final model": early.to_numpy(),
    }


def by_group(table: pd.DataFrame, factors: Sequence[float]) -> dict[str, object]:
    """Return the agreement of each truth with each estimate, for the groups that have pairs."""
    return {
        name: {
            estimate: {
                group: agreement(rows[truth].to_numpy(), rows[column].to_numpy(), factors)
                for group, inside in groups(table).items()
                if len(rows := table[inside & judged(table, truth)])
            }
            for estimate, column in ESTIMATES.items()
        }
        for name, truth in TRUTHS.items()
    }


def failing_pairs(table: pd.DataFrame, truth: str) -> list[dict[str, object]]:
    """Return the pairs whose truth and mixture estimate differ by more than FACTOR, and why.

    The ratio of truth and estimate is the product of two: `texts` is the estimate on drawn strings
    over that on the project's texts, which differs from 1 where natural text is far from the
    models; `form` is the truth over the estimate on drawn strings, which is what segments and the
    form of the estimate leave. The worst pairs come first.
    """
    rows = table[judged(table, truth)]
    estimate, drawn = rows[ESTIMATES["mixture"]], rows[DRAWN_MIXTURE]
    found = pd.DataFrame(
        {
            "pair": rows["model_a"] + ", " + rows["model_b"],
            "truth_over_estimate": rows[truth] / estimate,
            "texts": drawn / estimate,
            "form": rows[truth] / drawn,
            WARNING: rows[WARNING],
        }
    )
    distance = np.log(found["truth_over_estimate"]).abs()
    worst = distance[distance > np.log(FACTOR)].sort_values(ascending=False, kind="stable").index
    records: list[dict[str, object]] = found.loc[worst].round(3).to_dict("records")
    return records


def parts_of_ratio(table: pd.DataFrame, truth: str) -> dict[str, object]:
    """Return the distribution of both parts of truth over mixture estimate, as in failing_pairs.

    And the correlation of the logarithms of the ratio and of its part `texts`; None if there are
    fewer than 3 pairs.
    """
    rows = table[judged(table, truth)]
    texts = (rows[DRAWN_MIXTURE] / rows[ESTIMATES["mixture"]]).to_numpy()
    form = (rows[truth] / rows[DRAWN_MIXTURE]).to_numpy()
    quantiles = {"q5": 0.05, "median": 0.5, "q95": 0.95}
    logs = np.log(texts), np.log(texts * form)
    has_correlation = len(rows) > 2 and min(np.ptp(values) for values in logs) > 0
    return {
        part: {name: round(float(np.quantile(values, q)), 3) for name, q in quantiles.items()}
        for part, values in (("texts", texts), ("form", form))
        if len(values)
    } | {
        "correlation_with_texts": round(float(np.corrcoef(*logs)[0, 1]), 3)
        if has_correlation
        else None
    }


def warnings_given(table: pd.DataFrame, truth: str) -> Mapping[str, int]:
    """Return how often the warning names a pair that differs by more than FACTOR, and others."""
    rows = table[judged(table, truth)]
    ratio = (rows[truth] / rows[ESTIMATES["mixture"]]).to_numpy()
    beyond = np.abs(np.log(ratio)) > np.log(FACTOR)
    warned = rows[WARNING].to_numpy()
    return {
        "n_pairs": len(rows),
        "beyond_and_warned": int((beyond & warned).sum()),
        "beyond_and_not_warned": int((beyond & ~warned).sum()),
        "within_and_warned": int((~beyond & warned).sum()),
    }


def truth_summary(table: pd.DataFrame, factors: Sequence[float]) -> dict[str, object]:
    """Return what kl_truth.json says of the pairs of zoo models."""
    both = table[judged(table, TOKEN) & judged(table, STRING)]
    relative = {
        name: (table[truth.replace("_bits", "_se_bits")] / table[truth])[judged(table, truth)]
        for name, truth in TRUTHS.items()
    }
    return {
        "unit": "bits per byte",
        "median_relative_standard_error": {
            name: round(float(values.median()), 4)
            for name, values in relative.items()
            if len(values)
        },
        "string_truth_over_truth": agreement(
            both[STRING].to_numpy(), both[TOKEN].to_numpy(), factors
        )
        if len(both)
        else None,
        "truth_over_estimate": by_group(table, factors),
        "parts_of_ratio": {name: parts_of_ratio(table, truth) for name, truth in TRUTHS.items()},
        "beyond_factor": {
            "factor": FACTOR,
            **{
                name: {**warnings_given(table, truth), "pairs": failing_pairs(table, truth)}
                for name, truth in TRUTHS.items()
            },
        },
    }


def pretrained_summary(n_models: int, table: pd.DataFrame) -> dict[str, object]:
    """Return what kl_truth.json says of the pairs with a pretrained model: truth over estimate.

    With fewer than two pretrained models it says that these could not be compared.
    """
    ratios = {
        f"{row.model_a}, {row.model_b}": {
            name: round(float(getattr(row, TOKEN) / value), 3) if value > 0 else None
            for name, column in ESTIMATES.items()
            for value in [getattr(row, column)]
        }
        for row in table.itertuples()
    }
    few = f"needs two pretrained models, and the roster has {n_models or 'none'}"
    return {
        "truth_over_estimate": ratios,
        "two_pretrained_models": "compared" if n_models > 1 else f"skipped: {few}",
    }
