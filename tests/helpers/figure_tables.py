"""Small tables for figures: families of a base and what was made from it."""

import numpy as np
import pandas as pd

from modelmap.divergence.neighbours import cluster_table, pair_table
from modelmap.figures.inputs import Inputs

KINDS = ["base", "finetune", "quantised", "merge", "checkpoint", "distilled"]


def made_up_models(family_sizes: dict[str, int]) -> pd.DataFrame:
    """Return a models table: `a`, `a-1`, `a-2` and so on for each family."""
    rows = [
        {
            "model": f"{family}-{i}" if i else family,
            "family": family,
            "parent": family if i else None,
            "kind": KINDS[min(i, len(KINDS) - 1)],
            "created": None,
            "n_params": 1000,
            "dtype": "float32",
            "revision": "0" * 64,
            "added_bos": False,
        }
        for family, size in family_sizes.items()
        for i in range(size)
    ]
    return pd.DataFrame(rows).astype({"parent": "str", "created": "str"})


def made_up_places(models: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Return a map on which families lie apart and their models together."""
    rng = np.random.default_rng(seed)
    centres = {family: rng.normal(0, 10, 2) for family in models["family"].unique()}
    places = np.array([centres[family] + rng.normal(0, 1, 2) for family in models["family"]])
    return pd.DataFrame({"model": models["model"], "x": places[:, 0], "y": places[:, 1]})


def made_up_inputs(family_sizes: dict[str, int], categories: list[str]) -> Inputs:
    """Return tables that fit one another."""
    models = made_up_models(family_sizes)
    places = made_up_places(models)
    names, points = list(models["model"]), places[["x", "y"]].to_numpy()
    kl = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    rng = np.random.default_rng(1)
    bits = pd.DataFrame(
        [(name, category, 10, rng.uniform(1, 3)) for category in categories for name in names],
        columns=["model", "category", "n_texts", "bits_per_byte"],
    )
    shares = 0.5 ** np.arange(1, len(names))
    spectrum = pd.DataFrame(
        {
            "component": np.arange(1, len(names)),
            "variance_share": shares / shares.sum(),
            "cumulative_share": np.minimum(np.cumsum(shares / shares.sum()), 1.0),
        }
    )
    return Inputs(
        models=models,
        category_bits=bits,
        kl=pair_table(kl, kl / 10, (kl * 0.8, kl * 1.25), names),
        clusters=cluster_table(kl, "average"),
        places=places,
        spectrum=spectrum,
        n_texts=10 * len(categories),
        mean_bytes=900.25,
    )
