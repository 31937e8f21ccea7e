"""The papers' squared distances of a new model that is scored on a part of the texts.

Three methods: texts drawn uniformly or by length-squared sampling (LS) with replacement and
weighted (Oyama et al. 2025, EMNLP Findings), and the difference estimator (ours).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from modelmap.divergence.kl import ROUNDING
from modelmap.matrix.clip_centre import clip_threshold, clipped, double_centred
from modelmap.placing.verdict import Names, held_out
from modelmap.plan.ordered_texts import with_even_share
from modelmap.plumbing.arrays import Matrix, Vector
from modelmap.plumbing.seeds import named_rng
from modelmap.resample.comparison import is_reached, sequential_poisson, with_replacement
from modelmap.resample.estimate import UniqueTexts, weighted_coordinates
from modelmap.resample.methods import length_squared_size, uniform_size
from modelmap.studies.place_eval.held_out import FEWEST_KNOWN

UNIFORM, LS, DIFFERENCE = "uniform", "ls", "difference"
EVEN_SHARE = 0.1
"""Of the inclusion probabilities, for models that differ from the known ones on other texts."""
NOISES = tuple(np.geomspace(1e-4, 1, 13))
"""Variances of what no known model shares, relative to the mean variance of a text."""
CASES = ("held_out", "method", "n_texts", "model", "sample", "square")


def sample_cases(
    loglik_nats: Matrix,
    models: Names,
    families: Names,
    clip_quantile: float,
    sizes: Sequence[int],
    seed: int,
    number: int,
) -> pd.DataFrame:
    """Return the squared relative errors of each held-out model, by method and number of texts.

    `loglik_nats` has shape (K, N), not clipped. Columns are CASES. The clip threshold, the
    probabilities of the texts and all covariances are computed without the held-out models.
    """
    rng = named_rng(seed, "place_eval", "papers", str(number))
    rows = []
    for kind, model, others in held_out(families):
        if len(others) < FEWEST_KNOWN:
            continue
        threshold = clip_threshold(loglik_nats[others], clip_quantile)
        known = clipped(loglik_nats[others], threshold)
        new = clipped(loglik_nats[model], threshold)
        truth = _squared_distances(known, new)
        is_other = truth > ROUNDING
        if not is_other.any():
            continue
        for size in sizes:
            for method, found in _estimates(known, new, size, rng).items():
                square = float(np.square(found[is_other] / truth[is_other] - 1).mean())
                rows.append((kind, method, size, models[model], number, square))
    return pd.DataFrame(rows, columns=list(CASES))


def _squared_distances(known: Matrix, new: Vector) -> Vector:
    centred = known - known.mean(axis=1, keepdims=True)
    return np.asarray(np.square(centred - (new - new.mean())).sum(axis=1))


def _estimates(
    known: Matrix, new: Vector, size: int, rng: np.random.Generator
) -> dict[str, Vector]:
    """Return the estimated squared distances of the new model to the known ones, by method.

    Without any if length-squared draws hardly ever reach so many unique texts.
    """
    coordinates = double_centred(known)
    length_squared = length_squared_size(coordinates)
    total = length_squared.sum()
    if not (total > 0 and is_reached(length_squared / total, size)):
        return {}
    everyone = np.vstack([known, new])
    found = {}
    for method, measure in ((UNIFORM, uniform_size(coordinates)), (LS, length_squared)):
        sampled = weighted_coordinates(everyone, with_replacement(measure, size, rng))
        found[method] = np.asarray(np.square(sampled[:-1] - sampled[-1]).sum(axis=1))
    chosen = sequential_poisson(with_even_share(np.sqrt(length_squared), EVEN_SHARE), size, rng)
    found[DIFFERENCE] = difference_estimate(known, new[chosen.texts], chosen)
    return found


def difference_estimate(known: Matrix, values: Vector, sample: UniqueTexts) -> Vector:
    """Return the squared distances of a new model to K known models, shape (K,).

    `known` are clipped log-likelihoods, shape (K, N), and `values` those of the new model on the d
    texts of the sample. The values of all texts are predicted from the known models' covariances
    (a Gaussian process over texts), those of sampled texts without themselves. The sum over all
    texts of the predicted terms is corrected by the weighted errors of the sampled ones (the
    difference estimator; Sarndal, Swensson and Wretman 1992, Section 6.3).
    """
    predicted = leave_one_out_predictions(known, values, sample)
    means = known.mean(axis=0)
    of_sample, texts = values - means[sample.texts], sample.texts
    weights = sample.squared_weights
    errors = of_sample - predicted[texts]
    mean = (predicted.sum() + weights @ errors) / known.shape[1]
    coordinates = double_centred(known)
    terms = np.square(predicted - mean - coordinates)
    true_terms = np.square(of_sample - mean - coordinates[:, texts])
    # A known model can be nearer to the new one than the predictions are. For each model the errors
    # are weighted, or the terms without predictions, whichever vary less.
    apart = values - known[:, texts]
    direct = np.square(apart - (apart @ weights / weights.sum())[:, None])
    errors = true_terms - terms[:, texts]
    spread = weights * np.maximum(weights - 1, 0)
    predictions_help = np.square(errors) @ spread < np.square(direct) @ spread
    corrected = terms.sum(axis=1) + errors @ weights
    return np.asarray(np.where(predictions_help & (corrected > 0), corrected, direct @ weights))


def leave_one_out_predictions(known: Matrix, values: Vector, sample: UniqueTexts) -> Vector:
    """Return the predicted deviations of the new model from the texts' means, shape (N,).

    Of the noises in NOISES the one with the smallest leave-one-out errors on the sample is taken.
    """
    deviations = known - known.mean(axis=0)
    of_sample = deviations[:, sample.texts]
    covariance = of_sample.T @ of_sample / len(known)
    observed = values - known.mean(axis=0)[sample.texts]
    fits = []
    for noise in NOISES:
        level = noise * max(float(np.diag(covariance).mean()), ROUNDING)
        inverse = np.linalg.inv(covariance + level * np.eye(len(observed)))
        solved = inverse @ observed
        left_out = solved / np.diag(inverse)
        fits.append((float(np.square(left_out).sum()), solved, observed - left_out))
    _, solved, own = min(fits, key=lambda fit: fit[0])
    predicted: Vector = deviations.T @ (of_sample @ solved) / len(known)
    predicted[sample.texts] = own
    return predicted
