"""Simulated KL divergences of pairs of models, with their errors (ours).

A simulated KL is called a truth here: it has the error of a finite simulation and no other.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from modelmap.divergence.kl import LN2
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.arrays import Indices, Vector
from modelmap.plumbing.errors import UserError, listed
from modelmap.studies.kl_truth.drawn import Drawn

BETWEEN, WITHIN = "between families", "within family"
RELATIONS = ("quantised", "merge", "finetune", "checkpoint", WITHIN, BETWEEN)
"""What two models are to each other: the kind of the one made from the other, or their families."""
TOKEN, STRING = "truth_bits_per_byte", "string_truth_bits_per_byte"
TRUTHS = {"token_sequences": TOKEN, "strings": STRING}
"""The column of each truth, by name; pair_table explains them."""
DRAWN_MIXTURE = "drawn_mixture_bits_per_byte"
ESTIMATES = {"mixture": "kl_bits_per_byte", "papers": "kl_papers_bits_per_byte"}
"""The column of kl.parquet that has each estimate."""
WARNING = "warning"
PAIR = ["model_a", "model_b"]


def spread_by_length(n_tokens: Sequence[int], n: int) -> Indices:
    """Return the positions of `n` texts spread evenly over the lengths, shortest first.

    They are at the quantiles (k + 1/2) / n of `n_tokens`, so that their lengths have nearly the
    mean and the variance of all lengths.
    """
    order = np.argsort(np.asarray(n_tokens), kind="stable")
    ranks = ((np.arange(n) + 0.5) / n * len(order)).astype(np.int64)
    positions: Indices = order[ranks].astype(np.int64)
    return positions


def mean_error(values: Vector) -> float:
    """Return the standard error of the mean of the values of texts in order of length.

    SE^2 = sum_k (x_{k+1} - x_k)^2 / (2 n (n - 1)), the successive-difference estimator for
    systematic samples (Wolter 2007, Introduction to Variance Estimation, Chapter 8). For values in
    random order it estimates the usual standard error.
    """
    # Sums grow with the length of a text. The lengths are fixed, not random, so their differences
    # are no error; only differences between texts of nearly the same length are.
    n = len(values)
    return float(np.sqrt(np.square(np.diff(values)).sum() / (2 * n * (n - 1))))


def rate(sums: Vector, n_bytes: Vector) -> tuple[float, float]:
    """Return a KL in bits per byte and its standard error, from nats and bytes of texts.

    It is the ratio of the means; its error is that of the mean of sum - ratio * bytes.
    """
    unit = n_bytes.mean() * LN2
    value = sums.mean() / unit
    return float(value), mean_error(sums - value * LN2 * n_bytes) / unit


def relation(one: ModelSpec, other: ModelSpec) -> str:
    """Return the kind of the model made from the other one, or how their families relate."""
    for child, parent in ((one, other), (other, one)):
        if child.parent == parent.name:
            return child.kind
    return WITHIN if one.family == other.family else BETWEEN


def two_directions(one: Drawn, other: Drawn, i: int, j: int, kind: str) -> dict[str, float]:
    """Return the mean of two directions of a KL in bits per byte, both, and standard errors.

    `one` and `other` are drawn from the models i and j, which are the positions of these models in
    each other's sums. `kind` is the field of Drawn that has the sums. The names of the values are
    those of columns, without their beginning.
    """
    forward, forward_error = rate(getattr(one, kind)[j], one.n_bytes)
    back, back_error = rate(getattr(other, kind)[i], other.n_bytes)
    values = {
        # The directions have independent errors: their texts are drawn from different models.
        "": (forward + back) / 2,
        "se_": float(np.hypot(forward_error, back_error) / 2),
        "a_to_b_": forward,
        "se_a_to_b_": forward_error,
        "b_to_a_": back,
        "se_b_to_a_": back_error,
    }
    return {f"{name}bits_per_byte": value for name, value in values.items()}


def pair_table(
    specs: Sequence[ModelSpec], tokenizers: Mapping[str, str], drawn: Sequence[Drawn]
) -> pd.DataFrame:
    """Return one row per pair of models, with the columns of KL_TRUTH but those of estimates.

    `tokenizers` are the names of the models' tokenizers, by model; `drawn` are the texts drawn from
    each model. The bytes of the drawn strings divide all sums:

    - truth: exact KL of the next-token distributions along the drawn token sequences, which only
      two models of one tokenizer have;
    - string_truth: log p_a - log p_b of the strings of these sequences, each model with its own
      tokenisation of the string;
    - drawn_mixture: the mixture estimate on these strings, in place of the project's texts.
    """
    rows = []
    for (i, a), (j, b) in combinations(enumerate(specs), 2):
        found = {
            name: two_directions(drawn[i], drawn[j], i, j, kind)
            for name, kind in (
                ("truth", "token_kl"),
                ("string_truth", "log_ratio"),
                ("drawn_mixture", "mixture"),
            )
        }
        rows.append(
            {
                "model_a": a.name,
                "model_b": b.name,
                "kind_a": a.kind,
                "kind_b": b.kind,
                "relation": relation(a, b),
                "one_tokenizer": tokenizers[a.name] == tokenizers[b.name],
                **{
                    f"{name}_{part}": value
                    for name, values in found.items()
                    for part, value in values.items()
                    if name != "drawn_mixture" or part == "bits_per_byte"
                },
            }
        )
    return pd.DataFrame(rows)


def with_estimates(pairs: pd.DataFrame, kl: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs with both estimates and the warning of a table of KLs.

    The order of the two models does not matter. Raises UserError if a pair is not in the table.
    """
    swapped = kl.rename(columns={"model_a": "model_b", "model_b": "model_a"})
    columns = [*PAIR, *ESTIMATES.values(), WARNING]
    joined = pairs.merge(pd.concat([kl[columns], swapped[columns]]), on=PAIR, how="left")
    missing = joined[joined[WARNING].isna()]
    if len(missing):
        names = [
            f"{a} and {b}" for a, b in zip(missing["model_a"], missing["model_b"], strict=True)
        ]
        raise UserError(f"kl.parquet has no KL of {listed(names)}: run `dvc repro`")
    return joined.assign(**{WARNING: joined[WARNING] != ""})
