"""What the figure of bits per byte shows: its rows, columns and range of colours."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from modelmap.figures.kinship import KINDS
from modelmap.plumbing.arrays import Matrix

OUTLIERS, FAR = 0.04, 1.4
"""The share of cells that may lie beyond each end of the colours, and how far they must reach."""


@dataclass(frozen=True)
class Table:
    """Bits per byte, shape (model, category), and what belongs to rows and columns."""

    bits: Matrix
    names: list[str]
    families: list[str]
    categories: list[str]
    n_texts: list[int]


def skip_reason(category_bits: pd.DataFrame) -> str | None:
    """Return why there is nothing to compare, or None."""
    if category_bits["category"].nunique() < 2:
        return "needs at least 2 categories of texts, and there is 1"
    return None


def table(category_bits: pd.DataFrame, models: pd.DataFrame) -> Table:
    """Return the figure's content: families by their best model, then kinds; easy categories first.

    Best and easy are the lowest mean bits per byte over categories, or over models.
    """
    wide = category_bits.pivot(index="model", columns="category", values="bits_per_byte")
    columns = wide.mean().sort_values(kind="stable").index
    n_texts = category_bits.groupby("category")["n_texts"].first()
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
    """Return the rows where another family begins, the first row not among them."""
    return [i for i in range(1, len(families)) if families[i] != families[i - 1]]


def colour_limits(bits: Matrix) -> tuple[float, float]:
    """Return the values where the colours begin and end.

    These are the least and the greatest, unless a few outliers take up much of that range.
    """
    least, low, high, greatest = np.quantile(bits, [0, OUTLIERS, 1 - OUTLIERS, 1])
    if greatest - least > FAR * (high - low) > 0:
        return float(low), float(high)
    return float(least), float(greatest)


def extension(bits: Matrix, limits: tuple[float, float]) -> str:
    """Return matplotlib's word for the ends of a colour bar beyond which values lie."""
    below, above = bool(bits.min() < limits[0]), bool(bits.max() > limits[1])
    if below and above:
        return "both"
    return "min" if below else "max" if above else "neither"
