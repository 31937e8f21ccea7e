"""The matrix from the score tables of its models, and bits per byte by category."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.errors import UserError, listed

LN2 = float(np.log(2))


def assembled(scores: Mapping[str, pd.DataFrame], text_ids: Sequence[int]) -> Matrix:
    """Return log-likelihoods in nats, shape (K, N), in the order of `scores` and of `text_ids`.

    `scores` are the score tables by model. Raises UserError that lists the models and texts whose
    score is missing or not finite.
    """
    rows = [
        frame.set_index("text_id")["loglik_nats"].reindex(text_ids).to_numpy(dtype=np.float64)
        for frame in scores.values()
    ]
    matrix = np.stack(rows)
    bad = ~np.isfinite(matrix)
    if bad.any():
        problems = [
            f"{name} on text {listed(np.asarray(text_ids)[bad[i]].tolist(), 3)}"
            for i, name in enumerate(scores)
            if bad[i].any()
        ]
        raise UserError(f"scores missing or not finite: {listed(problems)}; run `dvc repro score`")
    return matrix


def category_bits(
    matrix: Matrix, models: Sequence[str], category: pd.Series, n_bytes: pd.Series
) -> pd.DataFrame:
    """Return a table of bits per byte by model and category: -sum_s L_s / (total bytes * ln 2).

    `matrix` has shape (K, N) and is in nats; `category` and `n_bytes` are those of its N texts.
    """
    frames = []
    for name in pd.unique(category):
        inside = (category == name).to_numpy()
        total_bytes = float(n_bytes[inside].sum())
        bits = -matrix[:, inside].sum(axis=1) / (total_bytes * LN2)
        frames.append(
            pd.DataFrame(
                {
                    "model": list(models),
                    "category": name,
                    "n_texts": int(inside.sum()),
                    "bits_per_byte": bits,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)
