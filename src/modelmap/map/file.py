"""Reading the map file in the order of the models of the matrix."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modelmap.map.tables import MAP
from modelmap.plumbing.tables import read_models


def read_places(path: Path, models: Sequence[str]) -> NDArray[np.float64]:
    """Return the places of `models` on the map in a file, shape (K, 2).

    Raises UserError if the file is missing or damaged, or is a map of other models.
    """
    places: NDArray[np.float64] = read_models(path, MAP, models)[["x", "y"]].to_numpy(np.float64)
    return places
