"""What the page shows: properties of models, places, how faithful these are, and KLs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from modelmap.figures.colours_and_markers import (
    COLOURS,
    KINDS,
    MARKS,
    OTHER_COLOUR,
    OTHER_MARK,
    model_colours,
)
from modelmap.page.kl_rows import encoded_rows, nearest_rows
from modelmap.plumbing.arrays import Indices, Matrix

NOT_COLUMNS = ("model", "family", "parent", "kind", "revision")
"""Columns of the models table that are not offered as colours: they have an entry of their own,
or are different for every model."""

LABELS = {
    "n_params": "parameters",
    "dtype": "data type",
    "added_bos": "BOS before texts",
    "n_texts": "texts scored",
}
"""How the page names columns of the models table; others have their own names."""


def page_content(
    models: pd.DataFrame,
    places: Matrix,
    ellipses: Matrix,
    bits: pd.DataFrame,
    pairs: pd.DataFrame,
    neighbours: pd.DataFrame,
    n_kls: int,
) -> dict[str, Any]:
    """Return what the page shows, except the texts, from the tables of these names.

    Places have shape (K, 2), in the order of the models table, and ellipses shape (K, 3): both
    axes and the angle in degrees of each place's ellipse, NaN where there is none. The colours and
    the shapes by kind are those of the figures. About `n_kls` KL divergences are kept.
    """
    names = models["model"].tolist()
    kept = nearest_kept(_positions(neighbours, names), places)
    return {
        **model_entries(models, places, ellipses),
        "columns": model_columns(models, bits, kept),
        "kept": kept.tolist(),
        "n_near": int(neighbours["rank"].max()),
        **category_bits(bits, names),
        "rows": encoded_rows(nearest_rows(pairs, names, n_kls), len(names)),
        "colours": [*COLOURS, OTHER_COLOUR],
        "shapes": {kind: MARKS[kind].shape for kind in KINDS} | {"": OTHER_MARK.shape},
    }


def model_entries(models: pd.DataFrame, places: Matrix, ellipses: Matrix) -> dict[str, Any]:
    """Return names, parents (positions, or -1), places and ellipses, in the order of the table.

    Ellipses are null where there are none. Places are shifted and scaled, equally in both
    directions, so that the map fits into the square from 0 to 1. They are rounded to 5 digits,
    which no screen can show.
    """
    position = {name: i for i, name in enumerate(models["model"])}
    parents = [position.get(parent, -1) for parent in models["parent"]]
    low, high = places.min(axis=0), places.max(axis=0)
    extent = max(float((high - low).max()), 1e-12)
    fitted = (places - (low + high) / 2) / extent + 0.5
    return {
        "names": list(models["model"]),
        "parents": parents,
        "x": _rounded(fitted[:, 0], 5),
        "y": _rounded(fitted[:, 1], 5),
        "ellipses": [
            None if np.isnan(row).any() else _rounded(row / [extent, extent, 1], 5)
            for row in ellipses
        ],
    }


def model_columns(models: pd.DataFrame, bits: pd.DataFrame, kept: Indices) -> list[dict[str, Any]]:
    """Return the columns by which models can be coloured, each as levels and codes or as values.

    They are family and kind, then the mean of the bits per byte over categories, how many of the
    nearest models the map keeps near, and those of all other columns of the models table that
    differ between models. A number of parameters of 0 is unknown.
    """
    names = models["model"]
    models = models.assign(n_params=models["n_params"].where(models["n_params"] > 0).astype(float))
    mean_bits = bits.groupby("model")["bits_per_byte"].mean().reindex(names).to_numpy()
    columns = [
        _levels("family", models["family"], list(model_colours(models))),
        _levels("kind", models["kind"]),
        _values("bits per byte, mean of categories", mean_bits),
        _values("nearest models kept near on the map", kept.astype(np.float64)),
    ]
    others = models.columns.difference(NOT_COLUMNS, sort=False)
    for name in (name for name in others if models[name].nunique(dropna=False) > 1):
        numbers = pd.api.types.is_numeric_dtype(models[name]) and models[name].dtype != bool
        label = LABELS.get(name, name.replace("_", " "))
        columns.append(
            _values(label, models[name].to_numpy(np.float64))
            if numbers
            else _levels(label, models[name])
        )
    return columns


def category_bits(bits: pd.DataFrame, names: Sequence[str]) -> dict[str, Any]:
    """Return the categories, and the bits per byte of each model on each, None if not scored."""
    table = bits.pivot(index="model", columns="category", values="bits_per_byte").reindex(names)
    categories = list(dict.fromkeys(bits["category"]))
    values = table[categories].to_numpy()
    return {"categories": categories, "bits": [_rounded(row, 3) for row in values]}


def nearest_kept(nearest: pd.DataFrame, places: Matrix) -> Indices:
    """Return how many of each model's nearest models are among as many nearest on the map, (K,).

    `nearest` has columns model and other, positions of models. Places have shape (K, 2). Models as
    far away on the map as the last of them count too.
    """
    counts = np.bincount(nearest["model"], minlength=len(places))
    # A model is the nearest to its own place, so one more is asked for.
    n_near = min(int(counts.max(initial=1)) + 1, len(places))
    found, _ = KDTree(places).query(places, k=[*range(1, n_near + 1)])
    radius = found[np.arange(len(places)), np.minimum(counts, n_near - 1)]
    first, second = (nearest[key].to_numpy() for key in ("model", "other"))
    apart = np.linalg.norm(places[first] - places[second], axis=1)
    kept: Indices = np.bincount(
        first, weights=apart <= radius[first] * (1 + 1e-9), minlength=len(places)
    ).astype(np.int64)
    return kept


def _positions(neighbours: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return the neighbours table as pairs of positions in `names`: columns model and other."""
    position = {name: i for i, name in enumerate(names)}
    return pd.DataFrame(
        {
            "model": neighbours["model"].map(position).to_numpy(),
            "other": neighbours["neighbour"].map(position).to_numpy(),
        }
    )


def _levels(
    label: str, values: "pd.Series[Any]", order: Sequence[str] | None = None
) -> dict[str, Any]:
    """Return the levels of a column, in the order of their appearance, or in `order`."""
    words = values.fillna("unknown").astype("str")
    levels = list(order or dict.fromkeys(words))
    codes = pd.Categorical(words, categories=levels).codes
    return {"label": label, "levels": levels, "codes": codes.tolist()}


def _values(label: str, values: Matrix) -> dict[str, Any]:
    return {"label": label, "values": _rounded(values, 4)}


def _rounded(values: Matrix, digits: int) -> list[float | None]:
    """Return values with this number of decimals, None for those that are unknown."""
    return [None if np.isnan(v) else round(float(v), digits) for v in values]
