"""What clipping does to the papers' estimate of a model and a descendant of it (ours).

ACL 2025 raises log-likelihoods below a quantile of the matrix to that quantile. If only one of two
vectors is clipped, all of what is clipped adds to their difference.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from modelmap.divergence.kl import LN2
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.arrays import Vector
from modelmap.score.store import read_scores


def clipping_variants(
    one: Vector, other: Vector, mean_bytes: float, quantile: float
) -> dict[str, float]:
    """Return the papers' estimate in bits per byte without clipping, of both, and of one vector.

    `one` and `other` are log-likelihood vectors in nats, shape (N,). The threshold is a quantile of
    both together.
    """
    low = np.quantile(np.concatenate([one, other]), quantile)
    differences = {
        "papers_unclipped": one - other,
        "papers_clipped": np.maximum(one, low) - np.maximum(other, low),
        "papers_one_clipped": np.maximum(one, low) - other,
    }
    unit = 2 * mean_bytes * LN2
    return {name: float(values.var() / unit) for name, values in differences.items()}


def descendants(
    specs: list[ModelSpec], scores: Path, texts: pd.DataFrame, kl: pd.DataFrame, quantile: float
) -> dict[str, dict[str, object]]:
    """Return all estimates of the KL of each descendant of a pretrained model and its base.

    `specs` are the models of the roster, `scores` the folder of their score files, and `kl` the
    table of KLs. The papers' estimates are from the texts that both are scored on.
    """
    found: dict[str, dict[str, object]] = {}
    n_bytes = texts.set_index("text_id")["n_bytes"]
    for spec in specs:
        if spec.base is None:
            continue
        own, base = (
            read_scores(scores / one.file_name)[0].set_index("text_id")["loglik_nats"]
            for one in (spec, spec.base)
        )
        common = own.index.intersection(base.index)
        one, other = own.loc[common].to_numpy(), base.loc[common].to_numpy()
        variants = clipping_variants(one, other, float(n_bytes.loc[common].mean()), quantile)
        names = kl["model_a"].isin([spec.name, spec.base.name])
        pair = kl[names & kl["model_b"].isin([spec.name, spec.base.name])]
        values = {"mixture": float(pair["kl_bits_per_byte"].iloc[0]), **variants}
        found[spec.name] = {
            "n_texts": len(common),
            **{name: float(f"{value:.3g}") for name, value in values.items()},
        }
    return found
