"""What clipping does to the papers' estimate of a model and a descendant of it (ours).

ACL 2025 raises log-likelihoods below a quantile of the matrix to that quantile. If only one of two
vectors is clipped, all of what is clipped adds to their difference.
"""

from collections.abc import Sequence

import numpy as np

from modelmap.divergence.kl import LN2, bits_per_byte
from modelmap.matrix.clip_centre import clip_threshold, clipped
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.arrays import Matrix, Vector
from modelmap.studies.few_texts.errors import Model


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


def clipping_of_descendants(
    specs: Sequence[ModelSpec],
    models: Sequence[Model],
    loglik_nats: Matrix,
    mean_bytes: float,
    quantile: float,
) -> dict[str, dict[str, float]]:
    """Return all estimates of the KL of each descendant of a pretrained model and its base.

    `specs`, `models` and the rows of `loglik_nats` are the same models. A base is one of them.
    """
    found = {}
    names = [spec.name for spec in specs]
    for i, spec in enumerate(specs):
        if spec.base is None or spec.base.name not in names:
            continue
        base = names.index(spec.base.name)
        variants = clipping_variants(loglik_nats[i], loglik_nats[base], mean_bytes, quantile)
        values = {"mixture": models[i].kl_to(models[base]) / LN2, **variants}
        found[spec.name] = {name: float(f"{value:.3g}") for name, value in values.items()}
    return found
