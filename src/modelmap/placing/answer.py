"""The answer: where the new model lies among the known models, and how sure that is."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from modelmap.divergence.estimates import MAX_PREFERENCE, ONE_SIDED
from modelmap.divergence.kl import LN2
from modelmap.divergence.mixture import Floats, mixture_kl, text_sums
from modelmap.map.spot import place_on_map
from modelmap.matrix.segments import wholly_scored
from modelmap.placing.bits import bits_table
from modelmap.placing.few_texts import (
    Distances,
    Sample,
    calibrated_widening,
    distances,
    intervals,
    plain_texts_needed,
    tied,
)
from modelmap.placing.gain import gain_beyond_kl, largest_usual
from modelmap.placing.known import FEWEST_MODELS, KnownModels
from modelmap.placing.verdict import MADE, NONE, relations, verdict
from modelmap.plumbing.arrays import Indices, Matrix, Vector
from modelmap.plumbing.errors import UserError, listed

MAX_MODELS = 100
"""The nearest models, whose KLs to each other help to estimate those of the new model."""
LOSSY, TRUNCATED = "lossy tokenizer", "truncated texts"
OUT_OF_LINE = "likelihood out of line"


@dataclass(frozen=True)
class Placement:
    """Where a model lies on a map, from its first `n_texts` texts."""

    model: str
    n_texts: int
    models: pd.DataFrame
    """One row per known model, the nearest first: model, family, kind, kl_bits_per_byte,
    low_bits_per_byte, high_bits_per_byte, is_tied (not known to be farther than the nearest)."""
    verdict: str
    """What the model most probably is to the models of the map, in words."""
    confidence: float | None
    """The probability that the verdict is right; None if none can be given."""
    confidences: dict[str, float]
    """The probability of each kind of verdict (verdict.py)."""
    bits: pd.DataFrame
    """Bits per byte of all texts, and of each category (bits.py)."""
    x: float
    y: float
    flags: list[str]
    relative_error: float
    """The root mean square of the KLs' relative standard errors, with respect to all texts."""
    n_texts_without_known: int
    """How many texts this error needs without the help of the known models."""


def placement(name: str, scores: pd.DataFrame, known: KnownModels) -> Placement:
    """Return the placement of a model by its scores of the first texts, with columns of SCORES.

    Known models that are not scored on these texts are left out, and named in `flags`. Raises
    UserError if too few are left.
    """
    n_texts = len(scores)
    known, left_out = _scored_on(known, n_texts)
    row, first = segment_row(scores, known)[None, :], known.first[:n_texts]
    stop = row.shape[1]
    sampled = known.loglik_nats[:, :stop]
    sums = text_sums(row, sampled, first, known.n_bytes[:stop])
    terms, n_bytes = sums.terms[:, 0], sums.n_bytes[:, 0]
    near = np.argsort(terms.sum(axis=0) / n_bytes.sum(axis=0), kind="stable")[:MAX_MODELS]
    sample = _sample(terms[:, near], n_bytes[:, near], near, known, n_texts)
    found = distances(sample)
    widening = calibrated_widening(sample)
    error = float(widening * np.sqrt(np.square(found.relative_error).mean()))
    models = _table(known, near, found, intervals(found, n_texts, widening), sample)
    nearest, names = int(np.argmin(found.kl)), known.models["model"]
    x, y = place_on_map(found.kl, known.places[near])
    preference = np.abs(sums.preference[:, 0].sum(axis=0) / sums.n_segments[:, 0].sum(axis=0))
    return Placement(
        name,
        n_texts,
        models,
        *_verdict(sample, found.kl, known.models.iloc[near]),
        bits_table(scores["loglik_nats"].to_numpy(), known.texts["n_bytes"][:n_texts], known.texts),
        float(x),
        float(y),
        [
            *_flags(scores, preference[near], left_out),
            *_lonely(known.models.iloc[near], nearest),
            *_out_of_line(row[0], sampled[near[nearest]], first, str(names.iloc[near[nearest]])),
        ],
        error,
        plain_texts_needed(sample, error),
    )


def _scored_on(known: KnownModels, n_texts: int) -> tuple[KnownModels, list[str]]:
    """Return the models that are scored on the first texts, and the names of the others."""
    are_scored = known.scored_on(n_texts)
    # One of the models of the map may be the new one.
    fewest = FEWEST_MODELS - 1
    if are_scored.sum() < fewest:
        raise UserError(
            f"only {are_scored.sum()} models of the map are scored on these {n_texts} texts, and "
            f"at least {fewest} are needed: ask for fewer texts"
        )
    return known.only(are_scored), known.models.loc[~are_scored, "model"].tolist()


def segment_row(scores: pd.DataFrame, known: KnownModels) -> Floats:
    """Return the log-likelihoods of the segments of the first texts, NaN where not wholly scored.

    `scores` are the new model's scores of these texts, with columns of SCORES.
    """
    n_texts = len(scores)
    stop = int(np.append(known.first, len(known.n_bytes))[n_texts])
    values = np.concatenate(scores["segments_nats"].to_list())
    return wholly_scored(values, scores, known.first[:n_texts], known.n_bytes[:stop])


def _sample(
    terms: Matrix, n_bytes: Matrix, near: np.ndarray, known: KnownModels, n_texts: int
) -> Sample:
    stop = int(np.append(known.first, len(known.n_bytes))[n_texts])
    values: Floats = known.loglik_nats[near]
    sums = text_sums(
        values[:, :stop], values[:, :stop], known.first[:n_texts], known.n_bytes[:stop]
    )
    kl = mixture_kl(values, values, known.n_bytes) * LN2
    return Sample(terms, n_bytes, sums.terms, sums.n_bytes, kl, n_texts / len(known.first))


def _table(
    known: KnownModels,
    near: np.ndarray,
    found: Distances,
    ends: tuple[Vector, Vector],
    sample: Sample,
) -> pd.DataFrame:
    table = known.models.iloc[near][["model", "family", "kind"]].assign(
        kl_bits_per_byte=found.kl / LN2,
        low_bits_per_byte=ends[0] / LN2,
        high_bits_per_byte=ends[1] / LN2,
        is_tied=tied(sample, found.kl),
    )
    return table.sort_values("kl_bits_per_byte", kind="stable", ignore_index=True)


def _verdict(
    sample: Sample, kl: Vector, models: pd.DataFrame
) -> tuple[str, float | None, dict[str, float]]:
    """Return the verdict in words, its probability, and that of each kind of verdict."""
    found = verdict(sample, kl, relations(models))
    if found is None:
        return "none can be given: the map has no models whose relations are known", None, {}
    name = "" if found.statement == NONE else str(models["model"].iloc[found.named])
    words = f"{found.statement} {name}".strip()
    if found.statement == MADE:
        words += f", or {name} from it"
    return words, found.confidence, found.confidences


def _lonely(models: pd.DataFrame, nearest: int) -> list[str]:
    """Return a warning if the map has no relative of the nearest model to compare with."""
    family = models["family"].iloc[nearest]
    if (models["family"] == family).sum() > 1:
        return []
    return [
        f"the map has one model of the family {family} only: how near its relatives are is judged "
        "by other families, and the verdict may be wrong"
    ]


def _out_of_line(new: Floats, nearest: Floats, first: Indices, name: str) -> list[str]:
    """Return a warning if the texts are likelier than the KL to the nearest model explains."""
    if gain_beyond_kl(new, nearest, first) <= largest_usual(len(first)):
        return []
    return [
        f"{OUT_OF_LINE}: the texts are likelier than under {name} by more than the KL to it, so "
        "that the model may have been trained on them"
    ]


def _flags(scores: pd.DataFrame, preference: Vector, left_out: list[str]) -> list[str]:
    flags = {
        f"{LOSSY}: it alters {int((~scores['lossless']).sum())} of the texts": (
            ~scores["lossless"]
        ).any(),
        f"{TRUNCATED}: {int(scores['truncated'].sum())} are longer than the model reads": scores[
            "truncated"
        ].any(),
        f"{ONE_SIDED}: the texts are like draws from one of the models of "
        f"{int((preference > MAX_PREFERENCE).sum())} pairs, whose KLs may be about 1.5 times too "
        "large": (preference > MAX_PREFERENCE).any(),
    }
    if left_out:
        flags[f"models that are not scored on these texts, and so left out: {listed(left_out)}"] = (
            True
        )
    return [text for text, is_set in flags.items() if is_set]
