"""Movement of models on maps of resampled texts (Oyama et al. 2025 (EMNLP), Figures 1 and 3a)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modelmap.map.align import aligned, map_size
from modelmap.map.uncertainty import ellipses
from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.parallel import parallel_map
from modelmap.plumbing.seeds import named_rng
from modelmap.resample.estimate import UniqueTexts, unique_texts, weighted_coordinates
from modelmap.resample.methods import probabilities
from modelmap.resample.paper_draws import drawn_texts, run_seeds
from modelmap.stability.settings import Setting, StabilitySettings

Embed = Callable[[Matrix], Matrix]
"""A function from coordinates, shape (K, N), to places on a map, shape (K, 2)."""

SAME_TEXTS = "same_texts"
"""The setting of the control: maps of all texts, each once, with the models in other orders."""


def resampled_map(
    coordinates: Matrix, reference: Matrix, embed: Embed, sample: UniqueTexts
) -> Matrix:
    """Return the map of one sample of texts, shape (K, 2), aligned to the reference map."""
    return aligned(embed(weighted_coordinates(coordinates, sample)), reference)


def reordered_map(
    coordinates: Matrix, reference: Matrix, embed: Embed, order: NDArray[np.int64]
) -> Matrix:
    """Return the map of all texts made with the models in another order, aligned to the reference.

    Rows of the result are in the original order. Distances between models do not depend on their
    order, so all movement on such a map is due to t-SNE itself. The papers have no such control.
    """
    places = np.empty((len(coordinates), 2))
    # Row r of the map that is made here is the model in row order[r] of the coordinates.
    places[order] = embed(coordinates[order])
    return aligned(places, reference)


@dataclass(frozen=True)
class Maps:
    """The aligned maps of one setting."""

    setting: str
    method: str
    n_draws: int
    unique_texts: float
    """The mean over maps."""
    places: Matrix
    """Shape (R, K, 2) for R maps of K models; R is at least 2."""

    def table(self, models: Sequence[str], reference: Matrix) -> pd.DataFrame:
        """Return the mean place, covariance, ellipse and displacement of each model over the maps.

        The covariance has ddof 1, and the ellipse is that of 1 standard deviation. The displacement
        is the mean distance from the model's place on the reference map, in units of the map.
        """
        mean = self.places.mean(axis=0)
        # A covariance matrix for each model k, summed over the maps r; i and j are x and y.
        deviations = self.places - mean
        covariance = np.einsum("rki,rkj->kij", deviations, deviations) / (len(deviations) - 1)
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
        """Return the numbers of draws and unique texts, and the displacement and the spread."""
        return {
            "n_draws": self.n_draws,
            "unique_texts": round(self.unique_texts, 1),
            "displacement_share": round(displacement_share(table, reference), 3),
            "spread_share": round(spread_share(table, reference), 3),
        }


def displacement_share(table: pd.DataFrame, reference: Matrix) -> float:
    """Return the mean displacement of the models, divided by the size of the reference map."""
    return float(table["displacement"].mean()) / map_size(reference)


def spread_share(table: pd.DataFrame, reference: Matrix) -> float:
    """Return the spread of models about their mean places, divided by the size of the reference.

    The spread is sqrt(mean_i trace C_i), where C_i is the covariance of model i's places: the root
    mean squared distance from a model's mean place. Unlike the displacement it measures how much
    the maps differ from each other, not from the reference map.
    """
    # The trace of a covariance matrix is the mean squared distance from the mean (up to ddof).
    return float(np.sqrt((table["cov_xx"] + table["cov_yy"]).mean())) / map_size(reference)


def maps_of_same_texts(
    coordinates: Matrix,
    reference: Matrix,
    embed: Embed,
    settings: StabilitySettings,
    n_workers: int,
) -> Maps:
    """Return the maps of all texts with the models in `settings.n_runs` random orders."""
    n_models, n_texts = coordinates.shape
    orders = [
        named_rng(settings.seed, "stability", "order", str(run)).permutation(n_models)
        for run in range(settings.n_runs)
    ]
    one = partial(reordered_map, coordinates, reference, embed)
    maps = parallel_map(one, orders, n_workers, "maps of the same texts")
    return Maps(SAME_TEXTS, "none", n_texts, n_texts, np.stack(maps))


def maps_of_resampled_texts(
    coordinates: Matrix,
    reference: Matrix,
    embed: Embed,
    setting: Setting,
    n_runs: int,
    n_workers: int,
) -> Maps:
    """Return the maps of `n_runs` samples of texts, drawn with the papers' seeds."""
    # All settings use the same seeds, so that they differ in probabilities and sizes only.
    pi = probabilities(setting.method, coordinates)
    n_draws = setting.n_draws(coordinates.shape[1])
    samples = [unique_texts(drawn_texts(pi, n_draws, seed), pi) for seed in run_seeds(n_runs)]
    one = partial(resampled_map, coordinates, reference, embed)
    maps = parallel_map(one, samples, n_workers, f"maps of {setting.name}")
    unique = float(np.mean([len(sample) for sample in samples]))
    return Maps(setting.name, setting.method, n_draws, unique, np.stack(maps))
