"""What tells two models apart: the texts, and the segments in them, that make their KL (ours).

All functions take arrays of segments, of any two models.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from modelmap.divergence.kl import LN2
from modelmap.divergence.mixture import Floats, mixture_terms
from modelmap.plumbing.arrays import Indices, Vector
from modelmap.texts.segments import segments


@dataclass(frozen=True)
class TextDifference:
    """How two models differ on one text."""

    text_id: int
    category: str
    kl_share: float
    """The text's share of the KL between the models."""
    kl_bits_per_byte: float
    """The KL from this text alone."""
    bits_per_byte: tuple[float, float]
    """Of each of both models, over the segments that both have scored."""
    segments: list[str]
    """Joined they are the text."""
    difference_bits: Vector
    """Log-likelihood of each segment under the first model minus that under the second, in bits;
    NaN where a model has not scored the segment."""


def text_differences(
    first_model: Floats, second_model: Floats, first: Indices, n_bytes: Indices, texts: pd.DataFrame
) -> list[TextDifference]:
    """Return how two models differ on each text, those that make most of their KL first.

    The log-likelihoods of W segments under both models are in nats, shape (W,), NaN where a segment
    is not scored. `first` are the first segments of the texts, and `n_bytes` the bytes of the
    segments. `texts` has columns text_id, text and category, one row per text. Texts without a
    segment that both models have scored are left out.
    """
    difference = (first_model - second_model).astype(np.float64)
    scored = ~np.isnan(difference)
    terms = mixture_terms(difference.astype(np.float32)).astype(np.float64)
    ends = np.append(first[1:], len(n_bytes))
    found = []
    for row, (start, end) in enumerate(zip(first, ends, strict=True)):
        both = start + np.flatnonzero(scored[start:end])
        if len(both):
            size = float(n_bytes[both].sum() * LN2)
            bits = tuple(-float(one[both].sum()) / size for one in (first_model, second_model))
            found.append(
                TextDifference(
                    int(texts["text_id"].iloc[row]),
                    str(texts["category"].iloc[row]),
                    float(terms[both].sum() / max(terms.sum(), np.finfo(float).tiny)),
                    float(terms[both].sum()) / size,
                    (bits[0], bits[1]),
                    segments(texts["text"].iloc[row]),
                    difference[start:end] / LN2,
                )
            )
    return sorted(found, key=lambda one: -one.kl_share)


def most_different(text: TextDifference, number: int) -> list[int]:
    """Return the positions of the segments that make most of the KL, at most `number`, in order."""
    size = np.abs(np.nan_to_num(text.difference_bits))
    order = np.argsort(-size, kind="stable")[:number]
    return [int(i) for i in order if size[i] > 0]


def texts_as_json(names: tuple[str, str], texts: Sequence[TextDifference]) -> str:
    """Return the differences of two models as JSON; those of segments not scored are null."""
    content = [
        {
            **asdict(text),
            "difference_bits": [
                None if np.isnan(one) else round(float(one), 4) for one in text.difference_bits
            ],
        }
        for text in texts
    ]
    return json.dumps({"models": names, "texts": content}, indent=1) + "\n"
