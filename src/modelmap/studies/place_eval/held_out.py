"""Placing each known model as if it were new, from samples of the texts (ours)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from modelmap.place.few_texts import Sample, calibrated_widening, distances, intervals, plain
from modelmap.plumbing.arrays import Indices, Matrix, Vector
from modelmap.plumbing.seeds import named_rng
from modelmap.resample.errors import root_mean_square

MODEL, FAMILY = "model", "family"
CASES = ("plain_square", "square", "coverage", "plain_nearest", "nearest")


@dataclass(frozen=True)
class Known:
    """What the study knows of all models: K models, N texts."""

    terms: np.ndarray
    """Shape (N, K, K): the terms of the mixture estimate by text, in nats."""
    n_bytes: np.ndarray
    """Shape (N, K, K)."""
    families: Sequence[str]

    @property
    def kl(self) -> Matrix:
        """Return the KLs from all texts, in nats per byte, shape (K, K)."""
        kl: Matrix = self.terms.sum(axis=0) / self.n_bytes.sum(axis=0)
        return kl


def sample_errors(known: Known, sizes: Sequence[int], seed: int, number: int) -> pd.DataFrame:
    """Return one row per held-out model, kind of holding out and size, for one sample of texts.

    Columns are held_out, n_texts and CASES. The texts of a smaller size are among those of a larger
    one.
    """
    n_texts = len(known.terms)
    order = named_rng(seed, "place_eval", str(number)).permutation(n_texts)
    kl = known.kl
    rows: list[tuple[object, ...]] = []
    for size in sizes:
        texts = order[:size]
        for model in range(len(kl)):
            for kind in (MODEL, FAMILY):
                others = _others(known.families, model, kind)
                if len(others) > 2:
                    sample = held_out_sample(known, kl, texts, model, others)
                    rows.append((kind, size, *_case(sample, kl[model, others])))
    return pd.DataFrame(rows, columns=["held_out", "n_texts", *CASES])


def _others(families: Sequence[str], model: int, kind: str) -> Indices:
    """Return the models that stay known if `model` is held out, alone or with its family."""
    same = (
        np.asarray(families) == families[model] if kind == FAMILY else np.zeros(len(families), bool)
    )
    same[model] = True
    return np.flatnonzero(~same).astype(np.int64)


def held_out_sample(
    known: Known, kl: Matrix, texts: Indices, model: int, others: Indices
) -> Sample:
    """Return the sample of `texts` for a held-out model; `others` are the known models."""
    # Of the held-out model only the sampled texts are read, and its KLs not at all.
    square = np.ix_(texts, others, others)
    return Sample(
        known.terms[texts, model][:, others],
        known.n_bytes[texts, model][:, others],
        known.terms[square],
        known.n_bytes[square],
        kl[np.ix_(others, others)],
        len(texts) / len(known.terms),
    )


def _case(sample: Sample, truth: Vector) -> tuple[float, float, float, bool, bool]:
    """Return the values of CASES for one held-out model, whose KLs are `truth`."""
    found, simple = distances(sample), plain(sample)
    ends = intervals(found, len(sample.terms), calibrated_widening(sample))
    known = truth > 0
    nearest = np.argmin(truth)
    return (
        float(np.square(simple[known] / truth[known] - 1).mean()),
        float(np.square(found.kl[known] / truth[known] - 1).mean()),
        float(((ends[0] <= truth) & (truth <= ends[1])).mean()),
        bool(np.argmin(simple) == nearest),
        bool(np.argmin(found.kl) == nearest),
    )


def error_table(runs: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the table PLACE_EVAL: root mean squares of errors, and means of shares, over cases."""
    cases = pd.concat(runs, ignore_index=True)
    grouped = cases.groupby(["held_out", "n_texts"], sort=False, as_index=False)
    table = grouped.agg(
        n_cases=("square", "size"),
        plain_error=("plain_square", lambda squares: root_mean_square(np.sqrt(squares))),
        error=("square", lambda squares: root_mean_square(np.sqrt(squares))),
        coverage=("coverage", "mean"),
        plain_nearest=("plain_nearest", "mean"),
        nearest=("nearest", "mean"),
    )
    return table.astype({"plain_nearest": float, "nearest": float}).astype({"n_cases": "int64"})
