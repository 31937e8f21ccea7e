"""Small tables and metrics for figures: families of a base model and what was made from it."""

from typing import Any

import numpy as np
import pandas as pd

from helpers.tables import kl_table
from modelmap.divergence.neighbours import cluster_table, neighbour_table, pair_relations
from modelmap.figures.inputs import FOLDERS, Inputs, path_of
from modelmap.map.file import map_table
from modelmap.plumbing.files import write_json
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import write_csv, write_table
from modelmap.review.dictionary import FILES

KINDS = ["base", "finetune", "quantised", "merge", "checkpoint", "distilled"]
Contents = dict[str, Any]
"""Tables and metrics by the names of their files."""


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
            "n_texts": 10,
        }
        for family, size in family_sizes.items()
        for i in range(size)
    ]
    return pd.DataFrame(rows).astype({"parent": "str", "created": "str"})


def made_up_places(models: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Return maps on which families lie apart; on that of the papers' estimate x and y swap."""
    rng = np.random.default_rng(seed)
    centres = {family: rng.normal(0, 10, 2) for family in models["family"].unique()}
    places = np.array([centres[family] + rng.normal(0, 1, 2) for family in models["family"]])
    return map_table(list(models["model"]), places, places[:, ::-1])


def made_up_contents(family_sizes: dict[str, int], categories: list[str]) -> Contents:
    """Return the tables and metrics of models, divergences and the map, which fit one another."""
    models = made_up_models(family_sizes)
    places = made_up_places(models)
    names, points = list(models["model"]), places[["x", "y"]].to_numpy()
    kl = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    pairs = kl_table(kl, names)
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
    n_texts = 10 * len(categories)
    return {
        "models.parquet": models,
        "category_bits.parquet": bits,
        "kl.parquet": pairs.assign(relation=pair_relations(pairs, models)),
        "neighbours.parquet": neighbour_table(kl, names, 3),
        "clusters.parquet": cluster_table(kl, "average"),
        "map.parquet": places,
        "spectrum.parquet": spectrum,
        "matrix.json": {
            "n_models": len(names),
            "n_models_with_all_texts": len(names),
            "n_texts": n_texts,
            "mean_bytes": 900.25,
        },
        "divergence.json": {"estimate": "mixture", "confidence": 0.95},
        "map.json": {
            "estimate": "mixture",
            "metric": "sqeuclidean",
            "perplexity": 2.0,
            "components_for_90_percent": 4,
            "components_for_95_percent": 5,
        },
    }


def inputs_of(contents: Contents) -> Inputs:
    """Return inputs that read these contents."""
    return Inputs(contents.__getitem__, tuple(contents))


def columns_of(name: str) -> set[str]:
    """Return the columns of a table by its schema in the data dictionary."""
    return set(_schema(name).columns)


def write_contents(contents: Contents, layout: Layout) -> None:
    """Write every table and metrics file where the stages write it, tables by their schemas."""
    for name, content in contents.items():
        path = layout.root / path_of(name, FOLDERS)
        if path.suffix == ".json":
            write_json(path, content)
        else:
            write = write_csv if path.suffix == ".csv" else write_table
            write(content, _schema(name), path)


def _schema(name: str) -> Any:
    return FILES[name if name in FILES else f"../{path_of(name, FOLDERS)}"]
