"""What clipping does to the papers' estimate of a model and a descendant of it (ours).

ACL 2025 raises log-likelihoods below a quantile of the matrix to that quantile. If only one of two
vectors is clipped, all of what is clipped adds to their difference.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from modelmap.divergence.kl import bits_per_byte
from modelmap.divergence.neighbours import both_ways
from modelmap.matrix.clip_centre import clip_threshold, clipped
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
    both = np.stack([one, other])
    low_one, low_other = clipped(both, clip_threshold(both, quantile))
    differences = {
        "papers_unclipped": one - other,
        "papers_clipped": low_one - low_other,
        "papers_one_clipped": low_one - other,
    }
    return {
        name: float(bits_per_byte(values.var() / 2, mean_bytes))
        for name, values in differences.items()
    }


def descendants(
    specs: list[ModelSpec], scores: Path, texts: pd.DataFrame, kl: pd.DataFrame, quantile: float
) -> dict[str, dict[str, object]]:
    """Return all estimates of the KL of each descendant of a pretrained model and its base.

    `specs` are the models of the roster, `scores` the folder of their score files, and `kl` the
    table of KLs. The papers' estimates are from the texts that both are scored on.
    """
    found: dict[str, dict[str, object]] = {}
    n_bytes = texts.set_index("text_id")["n_bytes"]
    mixture = both_ways(kl).set_index(["model", "other"])["kl_bits_per_byte"]
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
        values = {"mixture": float(mixture[spec.name, spec.base.name]), **variants}
        found[spec.name] = {
            "n_texts": len(common),
            **{name: float(f"{value:.3g}") for name, value in values.items()},
        }
    return found
