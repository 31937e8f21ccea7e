"""KL by simulation against the estimate from log-likelihoods of texts (ours)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit
from scipy.stats import spearmanr

from modelmap.models.spec import ModelSpec

Array = NDArray[np.float64]

CONFIDENCE = 0.95
HELD_BY = 0.9
"""Share of the pairs up to some KL that must be within the factor for it to hold there."""
BETWEEN, WITHIN = "between families", "within family"
RELATIONS = ("quantised", "merge", "finetune", "checkpoint", WITHIN, BETWEEN)
APPROXIMATIONS = ("estimate", "own_variance", "like_length", "half_squares")
RATIOS = {
    "truth_over_estimate": ("truth_bits_per_byte", "estimate_bits_per_byte"),
    "truth_over_own_variance": ("truth_bits_per_byte", "own_variance_bits_per_byte"),
    "truth_over_like_length": ("truth_bits_per_byte", "like_length_bits_per_byte"),
    "truth_over_half_squares": ("truth_bits_per_byte", "half_squares_bits_per_byte"),
    "on_texts_over_truth": ("on_texts_bits_per_byte", "truth_bits_per_byte"),
}


@dataclass(frozen=True)
class Simulated:
    """What was simulated of the models of one tokenizer, in nats per text.

    kl and log_ratio: divergences summed over tokens, and log p_i - log p_j, of texts drawn from
    model i, shape (i, j, text), texts in order of length. on_texts and half_squares: the
    divergences, and halves of squared token differences, on the project's texts.
    """

    kl: Array
    log_ratio: Array
    on_texts: Array
    half_squares: Array


def spread_by_length(n_tokens: Sequence[int], n: int) -> NDArray[np.int64]:
    """Return `n` places of `n_tokens` evenly spread over its order: quantiles (k + 1/2) / n.

    Shortest first. What is taken has nearly the mean and the spread of the whole.
    """
    order = np.argsort(np.asarray(n_tokens), kind="stable")
    middles: NDArray[np.int64] = ((np.arange(n) + 0.5) / n * len(order)).astype(np.int64)
    places: NDArray[np.int64] = order[middles].astype(np.int64)
    return places


def mean_error(sums: Array) -> Array:
    """Return the standard error of the mean over the last axis, texts in order of length.

    Lengths are spread, not drawn, so only differences between texts of like length are noise:
    SE^2 = sum_k (x_{k+1} - x_k)^2 / (2 n (n - 1)), the successive-difference estimate of
    systematic samples.
    """
    n = sums.shape[-1]
    total = np.square(np.diff(sums, axis=-1)).sum(axis=-1)
    error: Array = np.sqrt(total / (2 * n * (n - 1)))
    return error


def relation(one: ModelSpec, other: ModelSpec) -> str:
    """Return what two models are to each other: the kind of one made from the other, or kin."""
    for child, parent in ((one, other), (other, one)):
        if child.parent == parent.name:
            return child.kind
    return WITHIN if one.family == other.family else BETWEEN


def truth_table(
    specs: Sequence[ModelSpec], simulated: Simulated, estimate_nats: Array, unit_nats: float
) -> pd.DataFrame:
    """Return one row per unordered pair: estimate, truth with its interval, both directions.

    The truth is the mean of both directions; own_variance is the estimate's half variance on the
    same drawn texts, where nothing but the local approximation can fail. A text's KL grows with
    its length, and the spread of lengths is in that variance; in like_length, from successive
    differences in order of length, it is not. The truth's interval is Student's with n - 1 degrees
    of freedom: the noise of drawing texts and nothing else.
    `estimate_nats` is shape (K, K); everything is divided by `unit_nats`, the nats per text of
    one bit per byte.
    """
    first, second = np.triu_indices(len(specs), k=1)
    there, back = simulated.kl[first, second], simulated.kl[second, first]
    truth = (there + back).mean(axis=-1) / 2
    error = np.hypot(mean_error(there), mean_error(back)) / 2
    reach = stdtrit(simulated.kl.shape[-1] - 1, (1 + CONFIDENCE) / 2) * error
    variance = simulated.log_ratio.var(axis=-1, ddof=1)
    like_length = np.square(mean_error(simulated.log_ratio)) * simulated.log_ratio.shape[-1]
    on_texts = (simulated.on_texts + simulated.on_texts.swapaxes(0, 1)).mean(axis=-1) / 2
    nats = {
        "estimate": estimate_nats[first, second],
        "truth": truth,
        "low": np.maximum(truth - reach, 0.0),
        "high": truth + reach,
        "a_to_b": there.mean(axis=-1),
        "b_to_a": back.mean(axis=-1),
        "own_variance": (variance[first, second] + variance[second, first]) / 4,
        "like_length": (like_length[first, second] + like_length[second, first]) / 4,
        "on_texts": on_texts[first, second],
        "half_squares": simulated.half_squares[first, second].mean(axis=-1),
    }
    pairs = list(combinations(specs, 2))
    named = {
        "model_a": [a.name for a, _ in pairs],
        "model_b": [b.name for _, b in pairs],
        "kind_a": [a.kind for a, _ in pairs],
        "kind_b": [b.kind for _, b in pairs],
        "relation": [relation(a, b) for a, b in pairs],
    }
    values = {f"{name}_bits_per_byte": value / unit_nats for name, value in nats.items()}
    return pd.DataFrame({**named, **values})


def with_ratios(table: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs whose KL is above zero everywhere, with the ratios of RATIOS."""
    columns = sorted({column for pair in RATIOS.values() for column in pair})
    positive = table[(table[columns] > 0).all(axis=1)]
    return positive.assign(**{name: positive[a] / positive[b] for name, (a, b) in RATIOS.items()})


def quantiles(table: pd.DataFrame, percents: Sequence[int] = (25, 50, 75)) -> dict[str, object]:
    """Return the number of pairs, and these quantiles of each ratio: by default the quartiles."""
    found: dict[str, object] = {"n_pairs": len(table)}
    for name in RATIOS:
        values = table[name].quantile([percent / 100 for percent in percents])
        found[name] = {
            f"q{percent}": round(float(value), 3)
            for percent, value in zip(percents, values, strict=True)
        }
    return found


def by_relation(table: pd.DataFrame) -> dict[str, object]:
    """Return the quartiles of ratios for each relation that occurs."""
    groups = {str(name): rows for name, rows in table.groupby("relation")}
    known = [name for name in RELATIONS if name in groups]
    others = sorted(set(groups).difference(RELATIONS))
    return {name: quantiles(groups[name]) for name in [*known, *others]}


def by_range(table: pd.DataFrame) -> list[Mapping[str, object]]:
    """Return the quartiles of ratios for each power of ten of the estimate, in bits per byte."""
    power = np.floor(np.log10(table["estimate_bits_per_byte"])).astype(int)
    return [
        {"from": 10.0 ** int(p), "to": 10.0 ** (int(p) + 1), **quantiles(rows)}
        for p, rows in table.groupby(power)
    ]


def holds_up_to(table: pd.DataFrame, ratio: str, factor: float) -> float | None:
    """Return the largest approximate KL up to which a ratio of RATIOS holds, or None.

    It holds up to some KL, in bits per byte, if at least HELD_BY of the pairs whose approximate
    KL, the ratio's divisor, is no larger have a ratio within `factor` of 1, either way.
    """
    divisor = RATIOS[ratio][1]
    ordered = table.sort_values(divisor, kind="stable")
    share = within_factor(ordered, ratio, factor).cumsum() / np.arange(1, len(ordered) + 1)
    held = np.flatnonzero(share >= HELD_BY)
    return float(f"{ordered[divisor].iloc[held[-1]]:.3g}") if len(held) else None


def within_factor(table: pd.DataFrame, ratio: str, factor: float) -> NDArray[np.bool_]:
    """Return which pairs' ratio is within `factor` of 1, either way."""
    values = table[ratio].to_numpy()
    inside: NDArray[np.bool_] = (values <= factor) & (values >= 1 / factor)
    return inside


def rank_correlation(table: pd.DataFrame, column: str) -> float | None:
    """Return Spearman's correlation of a column with the truth, and None of fewer than 3 pairs."""
    if len(table) < 3:
        return None
    return round(float(spearmanr(table[column], table["truth_bits_per_byte"]).statistic), 3)
