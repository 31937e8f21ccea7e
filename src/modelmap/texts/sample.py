"""Sampling the texts from the sampling pool of the corpus."""

import numpy as np
import pandas as pd

from modelmap.plumbing.errors import UserError, listed
from modelmap.texts.settings import TextsSettings
from modelmap.texts.tables import TEXTS


def quotas(shares: dict[str, float], n_texts: int) -> dict[str, int]:
    """Return the number of texts of each category, which add up to `n_texts`.

    Shares of `n_texts` are rounded by the method of largest remainders.
    """
    exact = {name: share * n_texts for name, share in shares.items()}
    counts = {name: int(value) for name, value in exact.items()}
    # The name breaks ties, so that the order of the shares in a file does not matter.
    by_remainder = sorted(exact, key=lambda name: (counts[name] - exact[name], name))
    for name in by_remainder[: n_texts - sum(counts.values())]:
        counts[name] += 1
    return counts


def sample_texts(
    pool: pd.DataFrame, sampling: TextsSettings, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the sampled rows of `pool`, in the order of the pool, with text_id 0..N-1 and n_bytes.

    Texts are sampled without replacement within each category if shares are given, and from the
    whole pool otherwise. With `draw` "first" the first rows are taken, and with `n_texts` "all" the
    whole pool. Raises UserError that lists every category with too few texts.
    """
    if sampling.n_texts == "all" or sampling.draw == "first":
        n_texts = len(pool) if sampling.n_texts == "all" else sampling.n_texts
        if len(pool) < 2:
            raise UserError(f"the text set has {len(pool)} texts: a map needs at least 2")
        if len(pool) < n_texts:
            raise UserError(
                f"texts.n_texts = {n_texts} is more than the {len(pool)} texts of the corpus: "
                "lower it, or choose a larger corpus"
            )
        chosen = np.arange(n_texts)
    else:
        strata = _strata(pool, sampling.shares, sampling.n_texts)
        # One generator serves the strata in turn, so the order of the shares affects the draws.
        chosen = np.sort(
            np.concatenate([rng.choice(rows, size, replace=False) for rows, size in strata])
        )
    texts = pool.iloc[chosen].reset_index(drop=True)
    texts.insert(0, "text_id", np.arange(len(texts)))
    texts["n_bytes"] = texts["text"].str.encode("utf-8").str.len().astype(np.int64)
    return texts[list(TEXTS.columns)]


def _strata(
    pool: pd.DataFrame, shares: dict[str, float], n_texts: int
) -> list[tuple[np.ndarray, int]]:
    """Return the row numbers of each stratum, and the number of texts to draw from it."""
    drawn = {name: share for name, share in shares.items() if share > 0}
    wanted = quotas(drawn, n_texts) if drawn else {"all categories": n_texts}
    category = pool["category"].to_numpy()
    rows = {
        name: np.flatnonzero(category == name) if shares else np.arange(len(pool))
        for name in wanted
    }
    short = [
        f"{name} has {len(rows[name])} of {n}" for name, n in wanted.items() if len(rows[name]) < n
    ]
    if short:
        raise UserError(
            f"too few texts to sample: {listed(short)}; lower texts.n_texts or change texts.shares"
        )
    return [(rows[name], n) for name, n in wanted.items()]
