"""How pretrained models differ on each category of texts, with intervals (ours)."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from modelmap.divergence.interval import intervals
from modelmap.divergence.standard_error import ratio_estimates, stratified_documents
from modelmap.plumbing.arrays import Indices, Matrix
from modelmap.plumbing.tables import empty_table
from modelmap.studies.few_texts.errors import Model
from modelmap.studies.few_texts.tables import FEW_TEXTS_CATEGORIES

CONFIDENCE = 0.95


def category_differences(
    models: Sequence[Model], loglik_nats: Matrix, texts: pd.DataFrame
) -> pd.DataFrame:
    """Return the table FEW_TEXTS_CATEGORIES: how every two models differ on each category.

    `loglik_nats` has a log-likelihood vector for each of `models`, shape (models, N), and `texts`
    are the N texts, with the columns document_id, category and n_bytes. Intervals are for the
    population of documents of a category. Categories whose texts come from one document are left
    out, since they have no interval.
    """
    rows = []
    for i, j in combinations(range(len(models)), 2):
        difference = loglik_nats[i] - loglik_nats[j]
        pair = models[i].pair_with(models[j])
        terms, n_bytes = models[i].pairs.terms[:, pair], models[i].pairs.n_bytes[:, pair]
        for category, positions in sorted(texts.groupby("category").indices.items()):
            if texts["document_id"].iloc[positions].nunique() < 2:
                continue
            rows.append(
                {
                    "model": models[i].name,
                    "other": models[j].name,
                    "category": category,
                    "n_texts": len(positions),
                    **_of_category(difference, terms, n_bytes, texts, positions),
                }
            )
    return pd.DataFrame(rows) if rows else empty_table(FEW_TEXTS_CATEGORIES)


def _of_category(
    difference: np.ndarray,
    terms: np.ndarray,
    n_bytes: np.ndarray,
    texts: pd.DataFrame,
    positions: Indices,
) -> dict[str, float]:
    """Return both estimates of a pair on the texts at `positions`, with the ends of intervals."""
    chosen = texts.iloc[positions]
    documents = stratified_documents(chosen, by_category=False)
    bytes_of_text = chosen["n_bytes"].to_numpy(dtype=float)
    bits = ratio_estimates(difference[positions, None], bytes_of_text[:, None], documents)
    kl = ratio_estimates(terms[positions, None], n_bytes[positions, None], documents)
    low, high = intervals(kl.kl, kl.errors, CONFIDENCE)
    # A difference may have either sign, so that its interval is not on the logarithmic scale.
    quantile = stdtrit(bits.errors.degrees_of_freedom, (1 + CONFIDENCE) / 2)
    half = float((quantile * bits.errors.standard_error)[0])
    more = float(bits.kl[0])
    return {
        "more_bits_per_byte": more,
        "low_more_bits_per_byte": more - half,
        "high_more_bits_per_byte": more + half,
        "kl_bits_per_byte": float(kl.kl[0]),
        "low_kl_bits_per_byte": float(low[0]),
        "high_kl_bits_per_byte": float(high[0]),
    }
