"""The matrix from the score tables of its models, and bits per byte by category."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.errors import UserError, listed

LN2 = float(np.log(2))


def assembled(
    scores: Mapping[str, pd.DataFrame], text_ids: Sequence[int], on_some_texts: Collection[str] = ()
) -> Matrix:
    """Return log-likelihoods in nats, shape (K, N), in the order of `scores` and of `text_ids`.

    `scores` are the score tables by model. Models of `on_some_texts` are NaN on the texts that
    their table lacks. Raises UserError that lists the models and texts whose score is missing or
    not finite.
    """
    tables = {name: frame.set_index("text_id")["loglik_nats"] for name, frame in scores.items()}
    matrix = np.stack([each.reindex(text_ids).to_numpy(np.float64) for each in tables.values()])
    bad = ~np.isfinite(matrix)
    for i, (name, values) in enumerate(tables.items()):
        if name in on_some_texts:
            bad[i] &= np.isin(text_ids, values.index)
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

    `matrix` has shape (K, N) and is in nats, NaN where a text is not scored; `category` and
    `n_bytes` are those of its N texts. Where no text of a category is scored, the bits are NaN.
    """
    is_scored = ~np.isnan(matrix)
    frames = []
    for name in pd.unique(category):
        inside = (category == name).to_numpy()
        total_bytes = is_scored[:, inside] @ n_bytes[inside].to_numpy(dtype=np.float64)
        total_nats = -np.where(is_scored, matrix, 0.0)[:, inside].sum(axis=1)
        unknown = np.full_like(total_nats, np.nan)
        bits = np.divide(total_nats, total_bytes * LN2, where=total_bytes > 0, out=unknown)
        frames.append(
            pd.DataFrame(
                {
                    "model": list(models),
                    "category": name,
                    "n_texts": is_scored[:, inside].sum(axis=1),
                    "bits_per_byte": bits,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)
