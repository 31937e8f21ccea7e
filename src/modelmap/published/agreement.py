"""Comparison of a bundle's tables and manifest with its texts and log-likelihoods.

A digest shows that a file was not changed on the way, not that its content is correct: whoever
edits a table can write the matching digest too. So everything in a bundle that follows from its
texts and its log-likelihoods is computed again and compared.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from modelmap.divergence.kl import squared_distances
from modelmap.matrix.clip_centre import clip_threshold
from modelmap.matrix.file import LogLikelihoods
from modelmap.plan.ordered_texts import plan_table, size_measure
from modelmap.plumbing.errors import listed
from modelmap.published.licences import text_digest
from modelmap.published.manifest import MANIFEST, Manifest
from modelmap.published.segments import BundleSegments, wrong_segments
from modelmap.texts.random_order import permanent_random_numbers
from modelmap.texts.text_set import text_set_hash

ROUNDING = 1e-6
"""Largest difference that is attributed to rounding: other machines may sum in another order."""


@dataclass(frozen=True)
class Bundle:
    """The content of a bundle, with the withheld texts restored."""

    manifest: Manifest
    texts: pd.DataFrame
    """A table with the columns of BUNDLE_TEXTS."""
    matrix: LogLikelihoods
    models: pd.DataFrame
    plan: pd.DataFrame
    map: pd.DataFrame
    segments: BundleSegments | None


def disagreements(bundle: Bundle) -> list[str]:
    """Return one message for each part of a bundle that differs from what is computed again.

    Places on the map are not computed again, because t-SNE amplifies rounding errors: another
    machine may compute other places from the same numbers.
    """
    manifest, matrix, texts = bundle.manifest, bundle.matrix, bundle.texts
    same_number = len(texts) == matrix.n_texts == manifest.n_texts
    if not same_number or not text_set_hash(texts["text"]) == matrix.text_set == manifest.text_set:
        return ["texts.parquet is of other texts"]
    wrong = [
        *_wrong_numbers(bundle),
        *_wrong_texts(texts),
        *_wrong_models(bundle),
        *_wrong_plan(bundle),
        *_wrong_places(bundle),
    ]
    if wrong or bundle.segments is None:
        return wrong
    # Segments are compared with the other tables, so that these must be right.
    models = bundle.models["model"].tolist()
    return wrong_segments(
        bundle.segments, manifest.n_segment_texts, bundle.plan, texts, matrix, models
    )


def _wrong_numbers(bundle: Bundle) -> list[str]:
    """Return one message for each number of the matrix or the manifest that is wrong."""
    manifest, matrix, texts = bundle.manifest, bundle.matrix, bundle.texts
    quantile = manifest.analysis.matrix.clip_quantile
    mean_bytes = float(np.mean([len(text.encode("utf-8")) for text in texts["text"]]))
    threshold = clip_threshold(matrix.loglik_nats, quantile)
    numbers = [
        ("mean_bytes of matrix.parquet", matrix.mean_bytes, mean_bytes),
        (f"mean_bytes of {MANIFEST}", manifest.mean_bytes, mean_bytes),
        ("clip_threshold_nats of matrix.parquet", matrix.clip_threshold, threshold),
        (f"clip_threshold_nats of {MANIFEST}", manifest.clip_threshold_nats, threshold),
        (f"n_models of {MANIFEST}", manifest.n_models, len(matrix.models)),
        (f"n_withheld of {MANIFEST}", manifest.n_withheld, int(texts["withheld"].sum())),
    ]
    return [
        f"{name} is {there!r}, not {here!r}"
        for name, there, here in numbers
        if not np.isclose(there, here, rtol=ROUNDING, atol=0)
    ]


def _wrong_texts(texts: pd.DataFrame) -> list[str]:
    """Return one message for each column of the texts that has wrong values."""
    computed = {
        "text_id": range(len(texts)),
        "n_bytes": [len(text.encode("utf-8")) for text in texts["text"]],
        "sha256": [text_digest(text) for text in texts["text"]],
    }
    return [
        message
        for name, values in computed.items()
        for message in _wrong_rows(
            name, (texts[name] == pd.Series(values, index=texts.index)).to_numpy()
        )
    ]


def _wrong_models(bundle: Bundle) -> list[str]:
    """Return one message for each table that does not have the models of the matrix, in order.

    With segments, the tables may have more models: those that are not scored on all texts.
    """
    known, names = bundle.matrix.models, bundle.models["model"].tolist()
    has_more = bundle.segments is not None and bundle.manifest.format > 2
    of_matrix = [name for name in names if name in set(known)] if has_more else names
    if of_matrix != known:
        return ["models.parquet is of other models"]
    return ["map.parquet is of other models"] if bundle.map["model"].tolist() != names else []


def _wrong_plan(bundle: Bundle) -> list[str]:
    """Return one message for each column of the plan that has wrong values."""
    plan = bundle.plan
    if plan["text_id"].tolist() != list(range(bundle.matrix.n_texts)):
        return ["plan.parquet is of other texts"]
    settings = bundle.manifest.analysis.plan
    coordinates = bundle.matrix.coordinates()
    distances = squared_distances(coordinates)
    size = size_measure(coordinates, distances, settings.size_measure, settings.even_share)
    random_numbers = permanent_random_numbers(bundle.texts["text"].tolist(), settings.seed)
    # Ranks are computed from the bundle's own columns: with sizes computed here, which may differ
    # by rounding, two texts could exchange their ranks.
    rank = plan_table(plan["size_measure"].to_numpy(), plan["random_number"].to_numpy())["rank"]
    return [
        *_wrong_rows("random_number", plan["random_number"].to_numpy() == random_numbers),
        *_wrong_rows("size_measure", np.isclose(plan["size_measure"], size, ROUNDING, ROUNDING)),
        *_wrong_rows("rank", (plan["rank"] == rank).to_numpy()),
    ]


def _wrong_places(bundle: Bundle) -> list[str]:
    """Return a message if the map should be that of the papers' estimates and is not."""
    places = bundle.map
    same = np.array_equal(places[["x", "y"]], places[["x_papers", "y_papers"]])
    if same or bundle.manifest.analysis.divergence.estimate != "papers":
        return []
    return ["x and y of map.parquet are not x_papers and y_papers, and the estimate is papers"]


def _wrong_rows(name: str, is_right: np.ndarray) -> list[str]:
    """Return a message that lists the texts whose value is wrong, or nothing."""
    wrong = np.flatnonzero(~is_right).tolist()
    return [f"{name} of text {listed(wrong, 3)}"] if wrong else []
