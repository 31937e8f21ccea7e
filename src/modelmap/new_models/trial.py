"""Errors for new models if texts are chosen without them.

Oyama et al. 2025 (EMNLP), Section 4 and Figure 3b. LS is the paper's length-squared sampling.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modelmap.divergence.kl import ROUNDING, reason_if_identical, squared_distances
from modelmap.map.align import aligned
from modelmap.map.embed import tsne, tsne_options
from modelmap.map.settings import MapSettings
from modelmap.matrix.clip_centre import clip_threshold, clipped, double_centred
from modelmap.plumbing.arrays import Mask, Matrix, Vector
from modelmap.resample.errors import absolute_error, relative_error, root_mean_square
from modelmap.resample.estimate import UniqueTexts, unique_texts, weighted_coordinates
from modelmap.resample.gram import GramSums
from modelmap.resample.methods import probabilities
from modelmap.resample.paper_draws import FIRST_SEED, drawn_texts

FEWEST_EXISTING = 4
"""The fewest models that a map can be made of."""
LS_BY_EXISTING, LS_BY_ALL = "ls", "ls_all_known"
UNIFORM_SAME_DRAWS, UNIFORM_SAME_TEXTS = "uniform_same_draws", "uniform_same_texts"
DESIGNS = (LS_BY_EXISTING, LS_BY_ALL, UNIFORM_SAME_DRAWS, UNIFORM_SAME_TEXTS)
"""LS with probabilities from the existing models, or from all models; and uniform sampling with as
many draws as the first, or with as many unique texts as the first."""


def arrival_order(models: pd.DataFrame) -> NDArray[np.int64]:
    """Return the row numbers of a models table from the oldest model to the newest.

    Models without a date count as older than all others and keep their order. The others are
    sorted by date and then by name.
    """
    rows = models.reset_index(drop=True)
    dated = rows.dropna(subset="created").sort_values(["created", "model"])
    undated = rows.index[rows["created"].isna()]
    return np.concatenate([undated, dated.index]).astype(np.int64)


def newest(models: pd.DataFrame, share: float) -> Mask:
    """Return which rows of a models table are new models: the round(share K) newest ones."""
    n_models = len(models)
    is_new = np.zeros(n_models, dtype=bool)
    is_new[arrival_order(models)[n_models - round(share * n_models) :]] = True
    return is_new


def skip_reason(loglik_nats: Matrix, is_new: Mask, quantile: float) -> str | None:
    """Return why the comparison cannot be made, or None if it can.

    Arguments are those of `trial`.
    """
    n_existing, n_new = int((~is_new).sum()), int(is_new.sum())
    if n_new == 0:
        return f"needs at least 1 new model; new_models.share of {n_existing} models rounds to 0"
    if n_existing < FEWEST_EXISTING:
        return f"needs at least {FEWEST_EXISTING} existing models, not {n_existing}"
    _, coordinates = existing_coordinates(loglik_nats[~is_new], quantile)
    return reason_if_identical(coordinates, "existing models")


def existing_coordinates(loglik_nats: Matrix, quantile: float) -> tuple[float, Matrix]:
    """Return the clip threshold and the coordinates of existing models by their rows alone."""
    threshold = clip_threshold(loglik_nats, quantile)
    return threshold, double_centred(clipped(loglik_nats, threshold))


def draws_until(n_unique: int, pi: Vector, size: int, seed: int) -> NDArray[np.int64]:
    """Return the shortest prefix of the draws of `seed` that contains `n_unique` unique texts.

    The search starts with `size` draws. Raises ValueError if fewer than `n_unique` texts have a
    probability above 0.
    """
    if n_unique > int((pi > 0).sum()):
        raise ValueError(f"{n_unique} unique texts of {int((pi > 0).sum())}")
    while True:
        # More draws with the same seed begin with the same draws.
        drawn = drawn_texts(pi, size, seed)
        _, first = np.unique(drawn, return_index=True)
        if len(first) >= n_unique:
            return drawn[: np.sort(first)[n_unique - 1] + 1]
        size *= 2


@dataclass(frozen=True)
class Trial:
    """What all runs of the comparison have in common."""

    coordinates: Matrix
    """Q of all models, shape (K, N), clipped with `clip_threshold`."""
    distances: Matrix
    """G of all models, shape (K, K), from all texts."""
    is_new: Mask
    clip_threshold: float
    pi_existing: Vector
    """Probabilities of LS from the existing models, shape (N,)."""
    pi_all: Vector
    """Probabilities of LS from all models, shape (N,)."""
    n_draws: int

    def samples(self, seed: int) -> dict[str, tuple[int, UniqueTexts]]:
        """Return the number of draws and the sample of each design, by its name, for one run."""
        # All designs use the seed of the run, so that they differ in their probabilities only.
        uniform = np.full(len(self.pi_existing), 1 / len(self.pi_existing))
        chosen = drawn_texts(self.pi_existing, self.n_draws, seed)
        n_unique = len(np.unique(chosen))
        drawn = {
            LS_BY_EXISTING: (chosen, self.pi_existing),
            LS_BY_ALL: (drawn_texts(self.pi_all, self.n_draws, seed), self.pi_all),
            UNIFORM_SAME_DRAWS: (drawn_texts(uniform, self.n_draws, seed), uniform),
            UNIFORM_SAME_TEXTS: (draws_until(n_unique, uniform, self.n_draws, seed), uniform),
        }
        return {name: (len(texts), unique_texts(texts, pi)) for name, (texts, pi) in drawn.items()}


def trial(loglik_nats: Matrix, is_new: Mask, quantile: float, n_draws: int) -> Trial:
    """Return the trial for unclipped log-likelihoods in nats, shape (K, N).

    The threshold that all rows are clipped with, and the probabilities `pi_existing`, come from the
    rows of the existing models only.
    """
    # As if the map existed already: a model that is added to it changes neither its texts nor its
    # threshold, since all other models would have to be scored or clipped again.
    threshold, existing = existing_coordinates(loglik_nats[~is_new], quantile)
    pi_existing = probabilities("ls", existing)
    coordinates = double_centred(clipped(loglik_nats, threshold))
    distances = squared_distances(coordinates)
    pi_all = probabilities("ls", coordinates)
    return Trial(coordinates, distances, is_new, threshold, pi_existing, pi_all, n_draws)


def pair_kinds(is_new: Mask) -> dict[str, Mask]:
    """Return a mask of shape (K, K) for each kind of pair, with pairs above the diagonal only."""
    above = np.triu(np.ones((len(is_new), len(is_new)), dtype=bool), 1)
    # The number of new models in each pair: 0, 1 or 2.
    n_new = is_new[:, None].astype(int) + is_new[None]
    kinds = ("existing_existing", "new_existing", "new_new")
    return {kind: above & (n_new == n) for n, kind in enumerate(kinds)}


def run_errors(trial: Trial, seed: int) -> pd.DataFrame:
    """Return the errors of one run: a row per design and kind of pair.

    Columns are those of the schema NEW_MODEL_ERRORS; n is the number of draws, d of unique texts.
    """
    rows = []
    for design, (n, sample) in trial.samples(seed).items():
        # Weighted sums give the distances without the weighted coordinates of every sample.
        sums = GramSums(trial.coordinates)
        sums.add(sample.texts, sample.squared_weights)
        estimated = sums.distances()
        for kind, pairs in pair_kinds(trial.is_new).items():
            # Pairs that are all identical have no distance for the absolute error to refer to.
            if (trial.distances[pairs] > ROUNDING).any():
                sampled, full = estimated[pairs], trial.distances[pairs]
                errors = relative_error(sampled, full), absolute_error(sampled, full)
                rows.append((design, kind, int(pairs.sum()), n, len(sample), *errors))
    columns = ["design", "pairs", "n_pairs", "n", "d", "relative_error", "absolute_error"]
    return pd.DataFrame(rows, columns=columns)


def error_table(runs: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the means of n and d and the root mean squares of the errors over runs."""
    # Errors of a run are root mean squares over pairs. With root mean squares over runs, too, the
    # result is the root mean square over all pairs and runs.
    grouped = pd.concat(runs).groupby(["design", "pairs", "n_pairs"], sort=False, as_index=False)
    return grouped.agg(
        n=("n", "mean"),
        d=("d", "mean"),
        relative_error=("relative_error", root_mean_square),
        absolute_error=("absolute_error", root_mean_square),
    )


def trial_metrics(shared: Trial, errors: pd.DataFrame, n_runs: int) -> dict[str, object]:
    """Return the numbers of models and draws, and the errors of two designs by kind of pair.

    The two designs, LS from the existing models and uniform sampling, have as many unique texts.
    """
    metrics: dict[str, object] = {
        "n_existing": int((~shared.is_new).sum()),
        "n_new": int(shared.is_new.sum()),
        "n_draws": shared.n_draws,
        "n_runs": n_runs,
        "clip_threshold_nats": round(shared.clip_threshold, 3),
    }
    for design in (LS_BY_EXISTING, UNIFORM_SAME_TEXTS):
        rows = errors[errors["design"] == design]
        metrics[design] = {
            "unique_texts": round(float(rows["d"].iloc[0]), 1),
            **{
                f"{measure}_{row.pairs}": round(getattr(row, f"{measure}_error"), 3)
                for measure in ("relative", "absolute")
                for row in rows.itertuples()
            },
        }
    return metrics


def new_places(
    trial: Trial, models: Sequence[str], reference: Matrix, settings: MapSettings
) -> pd.DataFrame:
    """Return the places of all models on the map of the first run, aligned to `reference`.

    `reference` is the model map, shape (K, 2).
    """
    _, sample = trial.samples(FIRST_SEED)[LS_BY_EXISTING]
    coordinates = weighted_coordinates(trial.coordinates, sample)
    places = tsne(coordinates, tsne_options(settings, settings.max_iter))
    x, y = aligned(places, reference).T
    return pd.DataFrame({"model": list(models), "is_new": trial.is_new, "x": x, "y": y})
