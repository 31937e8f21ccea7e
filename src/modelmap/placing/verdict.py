"""What a new model is to the nearest known model, and how sure that is (ours).

Each known model takes the place of the new one in turn, alone and with its whole family. For these
cases it is known what the model is to the nearest of the models that stay. A logistic regression
learns from them the probability of each answer, so that no limit is set by hand.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from modelmap.placing.few_texts import Sample
from modelmap.plumbing.arrays import Indices, Matrix, Vector

Names = NDArray[np.str_]

COPY, MADE, FAMILY, NONE = "copy of", "made from", "same family as", "none of these"
STATEMENTS = (COPY, MADE, FAMILY, NONE)
ALONE, WITH_FAMILY = "model", "family"
"""What is held out."""
UNRELATED = "another family"
"""The model's family is known, but the nearest model is of another: no statement is right."""
QUANTISED = "quantised"
WEAK_PENALTY = 30.0
"""The inverse strength of the regression's penalty (C of scikit-learn): stated confidences are
nearer to the shares of right verdicts than with 10 or 100 (docs/experiments.md)."""
SMALLEST_KL = 1e-6
"""In nats per byte, that of rounding errors, so that identical models have a logarithm too."""


@dataclass(frozen=True)
class Relations:
    """How K known models are related: names, each of shape (K,)."""

    models: Names
    families: Names
    parents: Names
    """The model that each was made from; empty if it is not known."""
    originals: Names
    """The parent of a quantised copy, and for all others the model itself."""

    def of(self, models: Indices) -> "Relations":
        """Return the relations of some of the models, by their positions."""
        return Relations(
            self.models[models],
            self.families[models],
            self.parents[models],
            self.originals[models],
        )


def relations(models: pd.DataFrame) -> Relations:
    """Return the relations of models, from columns model, family, parent and kind."""
    parents = models["parent"].fillna("").to_numpy(dtype=np.str_)
    names = models["model"].to_numpy(dtype=np.str_)
    is_copy = (models["kind"] == QUANTISED).to_numpy() & (parents != "")
    families = models["family"].to_numpy(dtype=np.str_)
    return Relations(names, families, parents, np.where(is_copy, parents, names))


@dataclass(frozen=True)
class Verdict:
    """The statement about a new model that is most probably right."""

    statement: str
    """One of STATEMENTS."""
    named: int
    """The position of the known model that the statement is about; -1 for NONE."""
    confidence: float
    """The probability that the statement is right."""
    confidences: dict[str, float]
    """The probability of each of STATEMENTS. What is left is that of UNRELATED."""


def verdict(sample: Sample, kl: Vector, related: Relations) -> Verdict | None:
    """Return the verdict about the new model of a sample, whose KLs are `kl`, shape (K,).

    None if the cases of the known models all have one outcome, from which nothing can be learnt.
    The probabilities are right if the new model has no relative on the map as often as it has some.
    """
    known_kl = sample.known_terms.sum(axis=0) / sample.known_bytes.sum(axis=0)
    features, outcomes = held_out_cases(known_kl, sample.known_kl, related)
    if len(set(outcomes)) < 2:
        return None
    everyone = np.arange(len(sample.known_kl))
    nearest, feature = _nearest(kl, sample.known_kl, everyone, related)
    fitted = make_pipeline(
        StandardScaler(), LogisticRegression(C=WEAK_PENALTY, solver="newton-cholesky")
    ).fit(np.array(features)[:, None], outcomes)
    found = dict(zip(fitted.classes_, fitted.predict_proba([[feature]])[0], strict=True))
    confidences = {statement: float(found.get(statement, 0.0)) for statement in STATEMENTS}
    best = max(STATEMENTS, key=confidences.__getitem__)
    named = {MADE: stem(nearest, everyone, related), NONE: -1}.get(best, nearest)
    return Verdict(best, named, confidences[best], confidences)


def held_out_cases(
    kl: Matrix, kl_of_all_texts: Matrix, related: Relations
) -> tuple[list[float], list[str]]:
    """Return the feature and the outcome of each model held out alone, and with its family.

    `kl` are the KLs of every two models from the sampled texts, shape (K, K). Cases with fewer than
    two families left are not among them.
    """
    features, outcomes = [], []
    for _, model, known in held_out(related.families):
        if len(set(related.families[known])) > 1:
            nearest, feature = _nearest(kl[model], kl_of_all_texts, known, related)
            features.append(feature)
            outcomes.append(outcome(model, nearest, known, related))
    return features, outcomes


def held_out(families: Names) -> Iterator[tuple[str, int, Indices]]:
    """Yield each model twice, held out alone and with its family, and the models that stay known.

    The first value is ALONE or WITH_FAMILY.
    """
    for model, family in enumerate(families):
        alone = np.arange(len(families)) != model
        for kind, is_left in ((ALONE, alone), (WITH_FAMILY, families != family)):
            yield kind, model, np.flatnonzero(is_left).astype(np.int64)


def _nearest(kl: Vector, known_kl: Matrix, known: Indices, related: Relations) -> tuple[int, float]:
    """Return the nearest known model, and how near it is compared with other families.

    The second is the logarithm of the KL to it, divided by its own KL to the nearest known model of
    another family: the scale on which KLs of this part of the map are small or large.
    """
    nearest = int(known[np.argmin(kl[known])])
    families = related.families
    others = known[families[known] != families[nearest]]
    scale = known_kl[nearest, others].min() if len(others) else known_kl[nearest].max()
    ratio = (kl[nearest] + SMALLEST_KL) / (scale + SMALLEST_KL)
    # A model that is still farther than that is a stranger, and no more of one the farther it is.
    return nearest, float(np.log(min(ratio, 1.0)))


def stem(model: int, known: Indices, related: Relations) -> int:
    """Return the known model that `model` was made from, or `model` itself."""
    # The nearest model of a fine-tune is often another fine-tune or merge of the same parent.
    found = known[related.models[known] == related.parents[model]]
    return int(found[0]) if len(found) else model


def outcome(model: int, nearest: int, known: Indices, related: Relations) -> str:
    """Return which of STATEMENTS is right about a model with a nearest known one, or UNRELATED."""
    if related.originals[model] == related.originals[nearest]:
        return COPY
    # KLs are symmetric, so that they cannot tell which of two models was made from the other.
    parent = related.models[stem(nearest, known, related)]
    if related.parents[model] == parent or related.parents[nearest] == related.models[model]:
        return MADE
    if related.families[model] == related.families[nearest]:
        return FAMILY
    return UNRELATED if related.families[model] in related.families[known] else NONE
