"""The content of the figure of bits per byte: rows, columns and the range of colours."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from modelmap.figures.colours_and_markers import KINDS
from modelmap.figures.inputs import Inputs
from modelmap.plumbing.arrays import Matrix

OUTLIERS, FAR = 0.04, 1.4
"""Colours leave out this share of the cells at each end if that shortens their range by FAR."""


@dataclass(frozen=True)
class Table:
    """Bits per byte, shape (model, category), with the labels of rows and columns."""

    bits: Matrix
    """NaN where a model has no text of a category."""
    names: list[str]
    families: list[str]
    categories: list[str]
    n_texts: list[int]


def table(inputs: Inputs) -> Table:
    """Return the content of the figure.

    Rows are in the order of the best model of a family, then of kinds. The best model has the
    lowest mean bits per byte over categories. Columns are in the order of the mean over models.
    """
    category_bits = inputs.table(
        "category_bits.parquet", "model", "category", "n_texts", "bits_per_byte"
    )
    models = inputs.table("models.parquet", "model", "family", "kind")
    wide = category_bits.pivot(index="model", columns="category", values="bits_per_byte")
    columns = wide.mean().sort_values(kind="stable").index
    n_texts = category_bits.groupby("category")["n_texts"].max()
    rows = _sorted_models(models, wide.mean(axis=1))
    return Table(
        wide.loc[rows["model"], columns].to_numpy(),
        list(rows["model"]),
        list(rows["family"]),
        list(columns),
        [int(n) for n in n_texts[columns]],
    )


def _sorted_models(models: pd.DataFrame, mean: pd.Series) -> pd.DataFrame:
    ranks = {kind: rank for rank, kind in enumerate(KINDS)}
    keyed = models.assign(
        mean=models["model"].map(mean), rank=models["kind"].map(ranks).fillna(len(ranks))
    )
    keyed["best"] = keyed.groupby("family")["mean"].transform("min")
    return keyed.sort_values(["best", "family", "rank", "mean"], kind="stable")


def boundaries(families: list[str]) -> list[int]:
    """Return the rows at which another family begins, without the first row."""
    return [i for i in range(1, len(families)) if families[i] != families[i - 1]]


def colour_limits(bits: Matrix) -> tuple[float, float]:
    """Return the values at which the colours begin and end.

    These are the least and the greatest value, unless a few outliers take up much of that range.
    """
    least, low, high, greatest = np.nanquantile(bits, [0, OUTLIERS, 1 - OUTLIERS, 1])
    if greatest - least > FAR * (high - low) > 0:
        return float(low), float(high)
    return float(least), float(greatest)


def extension(bits: Matrix, limits: tuple[float, float]) -> str:
    """Return at which ends of the colour bar values lie outside, in the words of matplotlib."""
    below, above = bool(np.nanmin(bits) < limits[0]), bool(np.nanmax(bits) > limits[1])
    if below and above:
        return "both"
    return "min" if below else "max" if above else "neither"
