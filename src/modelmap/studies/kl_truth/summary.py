"""The results of the study kl_truth: a table of the pairs, and a summary over all pairs."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from modelmap.divergence.kl import LN2, nats_per_text, squared_distances
from modelmap.matrix.file import LogLikelihoods
from modelmap.studies.kl_truth.comparison import (
    APPROXIMATIONS,
    Simulated,
    by_range,
    by_relation,
    holds_up_to,
    quantiles,
    rank_correlation,
    truth_table,
    with_ratios,
    within_factor,
)
from modelmap.studies.kl_truth.groups import Group
from modelmap.studies.kl_truth.settings import KlTruthSettings


def truth_of_groups(
    groups: Sequence[Group], simulated: Sequence[Simulated], matrix: LogLikelihoods
) -> pd.DataFrame:
    """Return one row per pair of models of one tokenizer, with the columns of KL_TRUTH."""
    coordinates = matrix.coordinates()
    position = {name: i for i, name in enumerate(matrix.models)}
    tables = []
    for group, sums in zip(groups, simulated, strict=True):
        rows = coordinates[[position[spec.name] for spec in group.specs]]
        estimate = nats_per_text(squared_distances(rows), matrix.n_texts)
        table = truth_table(group.specs, sums, estimate, matrix.mean_bytes * LN2)
        table.insert(2, "tokenizer", group.tokenizer)
        table.insert(3, "n_texts", len(group.texts))
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def truth_summary(
    table: pd.DataFrame, groups: Sequence[Group], settings: KlTruthSettings, matrix: LogLikelihoods
) -> dict[str, object]:
    """Return how well the approximations agree with the simulated KL, as statistics over pairs."""
    pairs = with_ratios(table)
    half_width = (table["high_bits_per_byte"] - table["low_bits_per_byte"]) / 2
    return {
        "unit": "bits per byte",
        "nats_per_text_of_one_bit_per_byte": round(matrix.mean_bytes * LN2, 3),
        "n_texts_of_estimate": matrix.n_texts,
        "n_texts_drawn_per_model": settings.n_texts,
        "tokenizers": {
            group.tokenizer: {
                "n_models": len(group.specs),
                "mean_tokens_drawn": round(float(np.mean(group.n_tokens)), 1),
            }
            for group in groups
        },
        "median_relative_half_width": round(
            float((half_width / table["truth_bits_per_byte"]).median()), 3
        ),
        "within_factor": {
            f"{factor:g}": {
                name: {
                    "share_of_pairs": round(float(within_factor(pairs, ratio, factor).mean()), 3),
                    "up_to_bits_per_byte": holds_up_to(pairs, ratio, factor),
                }
                for name in APPROXIMATIONS
                for ratio in [f"truth_over_{name}"]
            }
            for factor in settings.factors
        },
        "rank_correlation_with_truth": {
            name: rank_correlation(pairs, f"{name}_bits_per_byte")
            for name in (*APPROXIMATIONS, "on_texts")
        },
        "all_pairs": quantiles(pairs, (5, 25, 50, 75, 95)),
        "by_relation": by_relation(pairs),
        "by_estimate": by_range(pairs),
    }
