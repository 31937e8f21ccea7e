"""The map as a table, and reading it in the order of the models of the matrix."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modelmap.map.tables import MAP
from modelmap.map.uncertainty import ellipses
from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.tables import check_models, read_table


def map_table(
    models: Sequence[str],
    places: Matrix,
    papers: Matrix,
    covariance: Mapping[str, Matrix] | None = None,
) -> pd.DataFrame:
    """Return the table MAP; both arrays of places have shape (K, 2).

    `papers` is NaN for models without all texts, and `covariance` has that of their places, shape
    (2, 2), by model.
    """
    columns = dict(zip(("x", "y", "x_papers", "y_papers"), [*places.T, *papers.T], strict=True))
    table = pd.DataFrame({"model": list(models), **columns})
    known = covariance or {}
    entries = [(each[0, 0], each[0, 1], each[1, 1]) for each in known.values()]
    spread = pd.DataFrame(entries, columns=["cov_xx", "cov_xy", "cov_yy"], index=list(known))
    return table.join(ellipses(spread.astype(np.float64)), on="model")


def read_papers_places(path: Path, models: Sequence[str]) -> NDArray[np.float64]:
    """Return the places of `models` on the map of the papers' estimates in a file, shape (K, 2).

    Raises UserError if the file is missing or damaged, or is a map of other models.
    """
    table = read_table(path, MAP).dropna(subset="x_papers").set_index("model")
    check_models(table.index, models, path.name)
    places: NDArray[np.float64] = table.loc[list(models), ["x_papers", "y_papers"]].to_numpy()
    return places
