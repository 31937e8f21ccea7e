"""The answer: where the new model lies among the known models, and how sure that is."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from modelmap.divergence.estimates import MAX_PREFERENCE, ONE_SIDED
from modelmap.divergence.few_texts import (
    Distances,
    Sample,
    calibrated_widening,
    distances,
    intervals,
    plain,
)
from modelmap.divergence.kl import LN2
from modelmap.divergence.mixture import Floats, mixture_kl, text_sums
from modelmap.map.spot import place_on_map
from modelmap.matrix.segments import wholly_scored
from modelmap.place.known import KnownModels
from modelmap.plumbing.arrays import Mask, Matrix, Vector

MAX_MODELS = 120
"""The nearest models, whose KLs to each other help to estimate those of the new model."""
LOSSY, TRUNCATED = "lossy tokenizer", "truncated texts"


@dataclass(frozen=True)
class Placement:
    """Where a model lies on a map, from its first `n_texts` texts."""

    model: str
    n_texts: int
    models: pd.DataFrame
    """One row per known model, the nearest first: model, family, kind, kl_bits_per_byte,
    low_bits_per_byte, high_bits_per_byte, is_tied (not known to be farther than the nearest)."""
    bits_per_byte: float
    bits_low: float
    bits_high: float
    """The ends of the 95% interval of `bits_per_byte`."""
    x: float
    y: float
    flags: list[str]
    control: str
    """What the texts' terms were compared with (divergence/few_texts.py)."""
    relative_error: float
    """The root mean square of the KLs' relative standard errors, with respect to all texts."""


def placement(name: str, scores: pd.DataFrame, known: KnownModels) -> Placement:
    """Return the placement of a model by its scores of the first texts, with columns of SCORES."""
    n_texts = len(scores)
    ends = np.append(known.first[1:], len(known.n_bytes))
    stop, first = int(ends[n_texts - 1]), known.first[:n_texts]
    values = np.concatenate(scores["segments_nats"].to_list())
    row = wholly_scored(values, scores, first, known.n_bytes[:stop])[None, :]
    sampled = known.loglik_nats[:, :stop]
    sums = text_sums(row, sampled, first, known.n_bytes[:stop])
    terms, n_bytes = sums.terms[:, 0], sums.n_bytes[:, 0]
    near = np.argsort(terms.sum(axis=0) / n_bytes.sum(axis=0), kind="stable")[:MAX_MODELS]
    sample = _sample(terms[:, near], n_bytes[:, near], near, known, n_texts)
    found = distances(sample)
    widening = calibrated_widening(sample)
    models = _table(known, near, found, intervals(found, n_texts, widening), sample)
    x, y = place_on_map(found.kl, known.places[near])
    preference = np.abs(sums.preference[:, 0].sum(axis=0) / sums.n_segments[:, 0].sum(axis=0))
    return Placement(
        name,
        n_texts,
        models,
        *_bits(scores, known),
        float(x),
        float(y),
        _flags(scores, preference[near]),
        found.control,
        float(widening * np.sqrt(np.square(found.relative_error).mean())),
    )


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
        is_tied=_tied(sample, found),
    )
    return table.sort_values("kl_bits_per_byte", kind="stable", ignore_index=True)


def _tied(sample: Sample, found: Distances) -> Mask:
    """Return which known models are not shown to be farther than the nearest one, at 95%."""
    nearest = int(np.argmin(found.kl))
    n_texts = len(sample.terms)
    # The same texts give both KLs, so their difference is more certain than either of them.
    per_byte = sample.terms / sample.n_bytes.sum(axis=0) * n_texts
    differences = per_byte - per_byte[:, [nearest]]
    error = differences.std(axis=0, ddof=1) / np.sqrt(n_texts) if n_texts > 1 else np.inf
    quantile = float(stdtrit(max(n_texts - 1, 1), 0.95))
    tied: Mask = plain(sample) - plain(sample)[nearest] <= quantile * error
    tied[nearest] = True
    return tied


def _bits(scores: pd.DataFrame, known: KnownModels) -> tuple[float, float, float]:
    """Return bits per byte and the ends of its 95% interval, as a ratio of sums over texts."""
    n_bytes = known.texts["n_bytes"].to_numpy()[: len(scores)]
    bits = -scores["loglik_nats"].to_numpy() / LN2
    ratio = bits.sum() / n_bytes.sum()
    n_texts = len(scores)
    spread = float((bits - ratio * n_bytes).std(ddof=1)) if n_texts > 1 else float("inf")
    share = n_texts / len(known.first)
    half = float(stdtrit(max(n_texts - 1, 1), 0.975)) * spread * np.sqrt((1 - share) / n_texts)
    half /= n_bytes.mean()
    return float(ratio), float(ratio - half), float(ratio + half)


def _flags(scores: pd.DataFrame, preference: Vector) -> list[str]:
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
    return [text for text, is_set in flags.items() if is_set]
