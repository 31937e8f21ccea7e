"""How far models move on maps of resampled texts (P2, Fig. 1 and 3a)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modelmap.map.align import aligned, map_size
from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.parallel import each
from modelmap.plumbing.seeds import named_rng
from modelmap.resample.estimate import UniqueTexts, unique_texts, weighted_coordinates
from modelmap.resample.methods import probabilities
from modelmap.resample.paper_draws import drawn_texts, run_seeds
from modelmap.stability.settings import Setting, StabilitySettings

Draw = Callable[[Matrix], Matrix]
"""From coordinates, shape (K, N), to places, shape (K, 2)."""

SAME_TEXTS = "same_texts"
"""The control: all texts, each once, with the models in another order for each map."""


def resampled_map(
    coordinates: Matrix, reference: Matrix, draw: Draw, sample: UniqueTexts
) -> Matrix:
    """Return the map of one sample of texts, shape (K, 2), aligned to the reference map."""
    return aligned(draw(weighted_coordinates(coordinates, sample)), reference)


def reordered_map(
    coordinates: Matrix, reference: Matrix, draw: Draw, order: NDArray[np.int64]
) -> Matrix:
    """Return the map of all texts, drawn with the models in another order, aligned (ours).

    The order changes no distance between models: what moves on this map is moved by t-SNE alone.
    """
    places = np.empty((len(coordinates), 2))
    places[order] = draw(coordinates[order])
    return aligned(places, reference)


@dataclass(frozen=True)
class Maps:
    """The aligned maps of one setting, shape (R, K, 2), R at least 2, and what they are of."""

    setting: str
    method: str
    n_draws: int
    unique_texts: float
    places: Matrix

    def table(self, models: Sequence[str], reference: Matrix) -> pd.DataFrame:
        """Return each model's mean place, covariance (ddof 1), ellipse and displacement.

        All are over the maps. The ellipse is that of 1 standard deviation. The displacement is
        the mean distance from the model's place on the reference map, in units of the map.
        """
        mean = self.places.mean(axis=0)
        off = self.places - mean
        covariance = np.einsum("rki,rkj->kij", off, off) / (len(off) - 1)
        table = pd.DataFrame(
            {
                "setting": self.setting,
                "method": self.method,
                "n_draws": self.n_draws,
                "model": list(models),
                "mean_x": mean[:, 0],
                "mean_y": mean[:, 1],
                "cov_xx": covariance[:, 0, 0],
                "cov_xy": covariance[:, 0, 1],
                "cov_yy": covariance[:, 1, 1],
                "displacement": np.linalg.norm(self.places - reference, axis=2).mean(axis=0),
            }
        )
        return table.join(ellipses(table))

    def metrics(self, table: pd.DataFrame, reference: Matrix) -> dict[str, object]:
        """Return how many texts the maps have, and how far models move on them."""
        return {
            "n_draws": self.n_draws,
            "unique_texts": round(self.unique_texts, 1),
            "displacement_share": round(displacement_share(table, reference), 3),
            "spread_share": round(spread_share(table, reference), 3),
        }


def displacement_share(table: pd.DataFrame, reference: Matrix) -> float:
    """Return the mean displacement of models over the size of the reference map."""
    return float(table["displacement"].mean()) / map_size(reference)


def spread_share(table: pd.DataFrame, reference: Matrix) -> float:
    """Return how far models lie from their own mean place, over the size of the reference map.

    The root mean square over models and maps: how far maps differ from each other, wherever the
    reference map lies among them.
    """
    return float(np.sqrt((table["cov_xx"] + table["cov_yy"]).mean())) / map_size(reference)


def ellipses(table: pd.DataFrame) -> pd.DataFrame:
    """Return the ellipse of 1 standard deviation of each model: two axes and an angle.

    The axes are 2 sqrt(lambda) long, where lambda are the eigenvalues of the covariance; the
    width is the longer one. The angle is from the x axis to the width, 0 to 180 degrees.
    """
    covariance = table[["cov_xx", "cov_xy", "cov_xy", "cov_yy"]].to_numpy().reshape(-1, 2, 2)
    values, vectors = np.linalg.eigh(covariance)
    axes = 2 * np.sqrt(np.maximum(values, 0.0))
    across = vectors[:, :, 1]
    angle = np.degrees(np.arctan2(across[:, 1], across[:, 0])) % 180
    return pd.DataFrame(
        {
            "ellipse_width": axes[:, 1],
            "ellipse_height": axes[:, 0],
            "ellipse_angle_degrees": angle,
        }
    )


def maps_of_same_texts(
    coordinates: Matrix, reference: Matrix, draw: Draw, settings: StabilitySettings, n_workers: int
) -> Maps:
    """Return the maps of all texts, drawn with the models in `n_runs` random orders."""
    n_models, n_texts = coordinates.shape
    orders = [
        named_rng(settings.seed, "stability", "order", str(run)).permutation(n_models)
        for run in range(settings.n_runs)
    ]
    one = partial(reordered_map, coordinates, reference, draw)
    maps = each(one, orders, n_workers, "maps of the same texts")
    return Maps(SAME_TEXTS, "none", n_texts, n_texts, np.stack(maps))


def maps_of_resampled_texts(
    coordinates: Matrix,
    reference: Matrix,
    draw: Draw,
    setting: Setting,
    n_runs: int,
    n_workers: int,
) -> Maps:
    """Return the maps of `n_runs` samples of texts, drawn as one setting says."""
    pi = probabilities(setting.method, coordinates)
    n_draws = setting.n_draws(coordinates.shape[1])
    samples = [unique_texts(drawn_texts(pi, n_draws, seed), pi) for seed in run_seeds(n_runs)]
    one = partial(resampled_map, coordinates, reference, draw)
    maps = each(one, samples, n_workers, f"maps of {setting.name}")
    unique = float(np.mean([len(sample) for sample in samples]))
    return Maps(setting.name, setting.method, n_draws, unique, np.stack(maps))
