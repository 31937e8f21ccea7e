"""The map as a table, and reading it in the order of the models of the matrix."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modelmap.map.tables import MAP
from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.tables import read_models


def map_table(models: Sequence[str], places: Matrix, papers: Matrix) -> pd.DataFrame:
    """Return the table MAP; both arrays of places have shape (K, 2)."""
    columns = dict(zip(("x", "y", "x_papers", "y_papers"), [*places.T, *papers.T], strict=True))
    return pd.DataFrame({"model": list(models), **columns})


def read_papers_places(path: Path, models: Sequence[str]) -> NDArray[np.float64]:
    """Return the places of `models` on the map of the papers' estimates in a file, shape (K, 2).

    Raises UserError if the file is missing or damaged, or is a map of other models.
    """
    columns = read_models(path, MAP, models)[["x_papers", "y_papers"]]
    places: NDArray[np.float64] = columns.to_numpy(np.float64)
    return places
