"""Comparison of simulated KL divergences with estimates from log-likelihoods of texts (ours).

The simulated KL is called the truth here: it has the error of a finite simulation and no other.
"""

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
"""Confidence level of the intervals of the truth."""
REQUIRED_SHARE = 0.9
"""Share of the pairs up to some KL that must be within a factor, for it to hold up to that KL."""
BETWEEN, WITHIN = "between families", "within family"
RELATIONS = ("quantised", "merge", "finetune", "checkpoint", WITHIN, BETWEEN)
"""What two models are to each other: the kind of the one made from the other, or their families."""
APPROXIMATIONS = ("estimate", "own_variance", "like_length", "half_squares")
"""The approximations of the truth; truth_table explains them."""
RATIOS = {
    "truth_over_estimate": ("truth_bits_per_byte", "estimate_bits_per_byte"),
    "truth_over_own_variance": ("truth_bits_per_byte", "own_variance_bits_per_byte"),
    "truth_over_like_length": ("truth_bits_per_byte", "like_length_bits_per_byte"),
    "truth_over_half_squares": ("truth_bits_per_byte", "half_squares_bits_per_byte"),
    "on_texts_over_truth": ("on_texts_bits_per_byte", "truth_bits_per_byte"),
}
"""Ratios by name, each with the columns of its dividend and its divisor."""


@dataclass(frozen=True)
class Simulated:
    """Sums over the tokens of texts, for K models of one tokenizer, in nats per text.

    All arrays have shape (K, K, texts), for models i and j. sample_texts.TextSums defines the sums.
    """

    kl: Array
    """KL divergences of the next-token distributions, on texts drawn from model i."""
    log_ratio: Array
    """log p_i - log p_j of texts drawn from model i."""
    on_texts: Array
    """Like kl, on texts of the project."""
    half_squares: Array
    """Halves of the squared differences of token log-probabilities, on texts of the project."""


def spread_by_length(n_tokens: Sequence[int], n: int) -> NDArray[np.int64]:
    """Return the positions of `n` texts spread evenly over the lengths, shortest first.

    They are at the quantiles (k + 1/2) / n of `n_tokens`, so that their lengths have nearly the
    mean and the variance of all lengths.
    """
    order = np.argsort(np.asarray(n_tokens), kind="stable")
    ranks: NDArray[np.int64] = ((np.arange(n) + 0.5) / n * len(order)).astype(np.int64)
    positions: NDArray[np.int64] = order[ranks].astype(np.int64)
    return positions


def mean_error(sums: Array) -> Array:
    """Return the standard error of the mean over the last axis, for texts in order of length.

    SE^2 = sum_k (x_{k+1} - x_k)^2 / (2 n (n - 1)), the successive-difference estimator for
    systematic samples (Wolter 2007, Introduction to Variance Estimation, Chapter 8).
    """
    # Sums grow with the length of a text. The lengths are fixed, not random, so their differences
    # are no error; only differences between texts of nearly the same length are.
    n = sums.shape[-1]
    total = np.square(np.diff(sums, axis=-1)).sum(axis=-1)
    error: Array = np.sqrt(total / (2 * n * (n - 1)))
    return error


def relation(one: ModelSpec, other: ModelSpec) -> str:
    """Return the kind of the model made from the other one, or how their families relate."""
    for child, parent in ((one, other), (other, one)):
        if child.parent == parent.name:
            return child.kind
    return WITHIN if one.family == other.family else BETWEEN


def truth_table(
    specs: Sequence[ModelSpec], simulated: Simulated, estimate_nats: Array, unit_nats: float
) -> pd.DataFrame:
    """Return one row per pair of models, with the columns of KL_TRUTH that depend on the pair.

    `estimate_nats` are the KL estimates, shape (K, K). All values are divided by `unit_nats`, the
    nats per text that are one bit per byte. Besides the estimate the columns are

    - truth, low, high: the mean of both directions of the simulated KL, and its 95% interval by
      Student's t distribution, which covers the error of drawing n texts per model;
    - a_to_b, b_to_a: the two directions;
    - own_variance: the formula of the estimate, half the variance of log p_i - log p_j, on texts
      drawn from the models themselves. That is what the theory assumes, so only its local
      approximation can fail;
    - like_length: the same, from successive differences in order of length. KL grows with the
      length of a text, so different lengths add to own_variance and not to this;
    - on_texts: the sums of the truth, on texts of the project instead of drawn texts;
    - half_squares: sums of half the squared token differences, on texts of the project.
    """
    first, second = np.triu_indices(len(specs), k=1)
    forward, backward = simulated.kl[first, second], simulated.kl[second, first]
    truth = (forward + backward).mean(axis=-1) / 2
    # The directions have independent errors, since their texts are drawn from different models.
    error = np.hypot(mean_error(forward), mean_error(backward)) / 2
    half_width = stdtrit(simulated.kl.shape[-1] - 1, (1 + CONFIDENCE) / 2) * error
    # n times the squared standard error of a mean is the variance of a single text.
    variance = simulated.log_ratio.var(axis=-1, ddof=1)
    like_length = np.square(mean_error(simulated.log_ratio)) * simulated.log_ratio.shape[-1]
    on_texts = (simulated.on_texts + simulated.on_texts.swapaxes(0, 1)).mean(axis=-1) / 2
    nats = {
        "estimate": estimate_nats[first, second],
        "truth": truth,
        "low": np.maximum(truth - half_width, 0.0),
        "high": truth + half_width,
        "a_to_b": forward.mean(axis=-1),
        "b_to_a": backward.mean(axis=-1),
        # The mean of both directions of half a variance, hence the 4.
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
    """Return the pairs whose KLs and approximations are all above 0, with the ratios of RATIOS."""
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
    """Return the quartiles of the ratios for each relation that occurs."""
    groups = {str(name): rows for name, rows in table.groupby("relation")}
    known = [name for name in RELATIONS if name in groups]
    others = sorted(set(groups).difference(RELATIONS))
    return {name: quantiles(groups[name]) for name in [*known, *others]}


def by_range(table: pd.DataFrame) -> list[Mapping[str, object]]:
    """Return the quartiles of the ratios by power of ten of the estimate, in bits per byte."""
    power = np.floor(np.log10(table["estimate_bits_per_byte"])).astype(int)
    return [
        {"from": 10.0 ** int(p), "to": 10.0 ** (int(p) + 1), **quantiles(rows)}
        for p, rows in table.groupby(power)
    ]


def holds_up_to(table: pd.DataFrame, ratio: str, factor: float) -> float | None:
    """Return the largest KL, in bits per byte, up to which an approximation holds, or None.

    The approximation is the divisor of `ratio`, a name of RATIOS. It holds up to some value if at
    least REQUIRED_SHARE of the pairs for which it is no larger have a ratio from 1 / `factor` to
    `factor`.
    """
    divisor = RATIOS[ratio][1]
    ordered = table.sort_values(divisor, kind="stable")
    share = within_factor(ordered, ratio, factor).cumsum() / np.arange(1, len(ordered) + 1)
    holds = np.flatnonzero(share >= REQUIRED_SHARE)
    return float(f"{ordered[divisor].iloc[holds[-1]]:.3g}") if len(holds) else None


def within_factor(table: pd.DataFrame, ratio: str, factor: float) -> NDArray[np.bool_]:
    """Return for each pair whether its ratio is from 1 / `factor` to `factor`."""
    values = table[ratio].to_numpy()
    inside: NDArray[np.bool_] = (values <= factor) & (values >= 1 / factor)
    return inside


def rank_correlation(table: pd.DataFrame, column: str) -> float | None:
    """Return Spearman's correlation of a column with the truth, or None for fewer than 3 pairs."""
    if len(table) < 3:
        return None
    return round(float(spearmanr(table[column], table["truth_bits_per_byte"]).statistic), 3)
