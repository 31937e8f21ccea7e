"""Errors of one model's KL divergences to all others from samples of texts (ours)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from modelmap.plumbing.arrays import Matrix, Vector
from modelmap.plumbing.seeds import named_rng
from modelmap.resample.comparison import DRAWS, SIMPLE_RANDOM, WITH_REPLACEMENT, is_reached
from modelmap.resample.errors import root_mean_square
from modelmap.resample.estimate import UniqueTexts, weighted_coordinates
from modelmap.resample.methods import METHODS
from modelmap.resample.pair_terms import PairTerms
from modelmap.studies.few_texts.tables import FEW_TEXTS

MIXTURE, PAPERS, LS = "mixture", "papers", "ls"


@dataclass(frozen=True)
class Model:
    """A model on all texts, with what both estimates of its KLs to the K - 1 others need."""

    name: str
    position: int
    """Of its row in `coordinates`."""
    pairs: PairTerms
    """Of the model and each other one."""
    coordinates: Matrix
    """Of all K models, shape (K, N): clipped and double-centred, as in the papers."""

    def pair_with(self, other: "Model") -> int:
        """Return the position, among the pairs and distances of this model, of another one."""
        return other.position - (other.position > self.position)

    def kl_to(self, other: "Model") -> float:
        """Return the mixture estimate of the KL to another model, in nats per byte."""
        return float(self.pairs.kl[self.pair_with(other)])

    def papers_distances(self, sample: UniqueTexts | None = None) -> Vector:
        """Return the squared distances to all others from a sample, or from all texts."""
        rows = (
            self.coordinates if sample is None else weighted_coordinates(self.coordinates, sample)
        )
        squares = np.square(rows - rows[self.position]).sum(axis=1)
        return np.delete(squares, self.position)


def few_text_errors(
    model: Model, known: Matrix, sizes: list[int], n_samples: int, seed: int
) -> pd.DataFrame:
    """Return the errors of a model with the columns of FEW_TEXTS.

    `known` are the coordinates of the models that texts are chosen by, shape (models, N): without
    the model itself, as the size measure of the second paper is for a new model.
    """
    designs = {
        SIMPLE_RANDOM: np.ones(known.shape[1]),
        WITH_REPLACEMENT: METHODS[LS].size(known, None),
    }
    rows = []
    for draws, size in designs.items():
        for n_texts in sizes:
            if draws == WITH_REPLACEMENT and not is_reached(size / size.sum(), n_texts):
                continue
            rng = named_rng(seed, "few texts", model.name, draws, str(n_texts))
            samples = [DRAWS[draws](size, n_texts, rng) for _ in range(n_samples)]
            for row in _errors(model, samples, has_intervals=draws == SIMPLE_RANDOM):
                rows.append({"draws": draws, "d": n_texts, **row})
    return pd.DataFrame(rows).assign(model=model.name)[list(FEW_TEXTS.columns)]


def _errors(
    model: Model, samples: list[UniqueTexts], has_intervals: bool
) -> list[dict[str, object]]:
    """Return a row for each estimate. Intervals are known for draws without replacement."""
    mixture = np.array([model.pairs.relative_errors(sample) for sample in samples])
    covered = [model.pairs.covered(sample) for sample in samples] if has_intervals else np.nan
    of_all = model.pairs.kl
    papers_of_all = model.papers_distances()
    papers = np.array([model.papers_distances(sample) for sample in samples])
    return [
        {
            "estimate": MIXTURE,
            "relative_error": root_mean_square(mixture),
            "nearest_kept": _nearest_kept((1 + mixture) * of_all, of_all),
            "coverage": float(np.mean(covered)),
        },
        {
            "estimate": PAPERS,
            "relative_error": root_mean_square(papers / papers_of_all - 1),
            "nearest_kept": _nearest_kept(papers, papers_of_all),
            "coverage": float("nan"),
        },
    ]


def _nearest_kept(estimated: Matrix, of_all: Vector) -> float:
    """Return the share of samples, rows of `estimated`, whose nearest model is that of all."""
    return float((estimated.argmin(axis=1) == of_all.argmin()).mean())
