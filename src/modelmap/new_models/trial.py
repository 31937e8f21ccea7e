"""New models on a map whose texts were chosen without them (P2, Sect. 4 and Fig. 3b)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modelmap.divergence.kl import squared_distances
from modelmap.matrix.clip_centre import clip_threshold, clipped, double_centred
from modelmap.plumbing.arrays import Mask, Matrix, Vector
from modelmap.resample.errors import absolute_error, relative_error, root_mean_square
from modelmap.resample.estimate import UniqueTexts, unique_texts
from modelmap.resample.gram import GramSums
from modelmap.resample.methods import probabilities
from modelmap.resample.paper_draws import drawn_texts

FEWEST_EXISTING = 4
KNOWN, ALL_KNOWN = "ls", "ls_all_known"
SAME_DRAWS, SAME_TEXTS = "uniform_same_draws", "uniform_same_texts"
DESIGNS = (KNOWN, ALL_KNOWN, SAME_DRAWS, SAME_TEXTS)
"""LS by the existing models, LS by all models, and uniform draws, as many as or up to as many
unique texts as the first."""


def arrival_order(models: pd.DataFrame) -> NDArray[np.int64]:
    """Return the positions of the rows of a models table, the oldest first.

    Models without a date count as older than all others and keep their order; the others come by
    date, then by name.
    """
    rows = models.reset_index(drop=True)
    dated = rows.dropna(subset="created").sort_values(["created", "model"])
    undated = rows.index[rows["created"].isna()]
    return np.concatenate([undated, dated.index]).astype(np.int64)


def newest(models: pd.DataFrame, share: float) -> Mask:
    """Return which rows of a models table are new: round(share K) that came last."""
    n_models = len(models)
    is_new = np.zeros(n_models, dtype=bool)
    is_new[arrival_order(models)[n_models - round(share * n_models) :]] = True
    return is_new


def skip_reason(is_new: Mask) -> str | None:
    """Return why new models cannot be told from existing ones, or None."""
    n_existing, n_new = int((~is_new).sum()), int(is_new.sum())
    if n_new == 0:
        return f"needs a new model, and new_models.share leaves none of {n_existing}"
    if n_existing < FEWEST_EXISTING:
        return f"needs at least {FEWEST_EXISTING} existing models, not {n_existing}"
    return None


def existing_design(loglik_nats: Matrix, quantile: float) -> tuple[float, Vector]:
    """Return the clip threshold and LS's probabilities, shape (N,), of the models given."""
    threshold = clip_threshold(loglik_nats, quantile)
    return threshold, probabilities("ls", double_centred(clipped(loglik_nats, threshold)))


def draws_until(n_unique: int, pi: Vector, size: int, seed: int) -> NDArray[np.int64]:
    """Return the shortest beginning of a seed's draws that has `n_unique` unique texts.

    `size` is how many draws are tried first. Raises ValueError if so many texts cannot be drawn.
    """
    if n_unique > int((pi > 0).sum()):
        raise ValueError(f"{n_unique} unique texts of {int((pi > 0).sum())}")
    while True:
        drawn = drawn_texts(pi, size, seed)
        _, first = np.unique(drawn, return_index=True)
        if len(first) >= n_unique:
            return drawn[: np.sort(first)[n_unique - 1] + 1]
        size *= 2


@dataclass(frozen=True)
class Trial:
    """What every run shares: Q and G of all models, clipped alike, and how texts are drawn."""

    coordinates: Matrix
    distances: Matrix
    is_new: Mask
    clip_threshold: float
    known: Vector
    """LS's probabilities by the existing models."""
    all_known: Vector
    """LS's probabilities by all models."""
    n_draws: int

    def samples(self, seed: int) -> dict[str, tuple[int, UniqueTexts]]:
        """Return the draws' number and the sample of each design of one run."""
        even = np.full(len(self.known), 1 / len(self.known))
        chosen = drawn_texts(self.known, self.n_draws, seed)
        n_unique = len(np.unique(chosen))
        drawn = {
            KNOWN: (chosen, self.known),
            ALL_KNOWN: (drawn_texts(self.all_known, self.n_draws, seed), self.all_known),
            SAME_DRAWS: (drawn_texts(even, self.n_draws, seed), even),
            SAME_TEXTS: (draws_until(n_unique, even, self.n_draws, seed), even),
        }
        return {name: (len(texts), unique_texts(texts, pi)) for name, (texts, pi) in drawn.items()}


def trial(loglik_nats: Matrix, is_new: Mask, quantile: float, n_draws: int) -> Trial:
    """Return the trial of unclipped log-likelihoods, shape (K, N).

    The threshold that clips all rows and LS's probabilities come from the existing rows alone.
    """
    threshold, known = existing_design(loglik_nats[~is_new], quantile)
    coordinates = double_centred(clipped(loglik_nats, threshold))
    distances = squared_distances(coordinates)
    all_known = probabilities("ls", coordinates)
    return Trial(coordinates, distances, is_new, threshold, known, all_known, n_draws)


def pair_kinds(is_new: Mask) -> dict[str, Mask]:
    """Return which entries above the diagonal, shape (K, K), are pairs of which kind."""
    above = np.triu(np.ones((len(is_new), len(is_new)), dtype=bool), 1)
    n_new = is_new[:, None].astype(int) + is_new[None]
    kinds = ("existing_existing", "new_existing", "new_new")
    return {kind: above & (n_new == n) for n, kind in enumerate(kinds)}


def run_errors(trial: Trial, seed: int) -> pd.DataFrame:
    """Return one row per design and kind of pair: draws n, unique texts d, both errors."""
    rows = []
    for design, (n, sample) in trial.samples(seed).items():
        sums = GramSums(trial.coordinates)
        sums.add(sample.texts, sample.squared_weights)
        estimated = sums.distances()
        for kind, pairs in pair_kinds(trial.is_new).items():
            if pairs.any():
                found, full = estimated[pairs], trial.distances[pairs]
                errors = relative_error(found, full), absolute_error(found, full)
                rows.append((design, kind, int(pairs.sum()), n, len(sample), *errors))
    columns = ["design", "pairs", "n_pairs", "n", "d", "relative_error", "absolute_error"]
    return pd.DataFrame(rows, columns=columns)


def error_table(runs: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the runs' tables as one: means of n and d, root mean squares of errors."""
    grouped = pd.concat(runs).groupby(["design", "pairs", "n_pairs"], sort=False, as_index=False)
    return grouped.agg(
        n=("n", "mean"),
        d=("d", "mean"),
        relative_error=("relative_error", root_mean_square),
        absolute_error=("absolute_error", root_mean_square),
    )


def trial_metrics(shared: Trial, errors: pd.DataFrame, n_runs: int) -> dict[str, object]:
    """Return the numbers of models and draws, and the errors of two designs by kind of pair."""
    metrics: dict[str, object] = {
        "n_existing": int((~shared.is_new).sum()),
        "n_new": int(shared.is_new.sum()),
        "n_draws": shared.n_draws,
        "n_runs": n_runs,
        "clip_threshold_nats": round(shared.clip_threshold, 3),
    }
    for design in (KNOWN, SAME_TEXTS):
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
