"""Whether the tables and the manifest of a bundle agree with its texts and log-likelihoods.

Digests show that a file arrived as it was written, not that what was written is right: whoever
edits a table can also write the digest that fits. So everything in a bundle that follows from its
texts and its log-likelihoods is computed again and compared.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from modelmap.divergence.kl import squared_distances
from modelmap.matrix.clip_centre import clip_threshold
from modelmap.matrix.file import LogLikelihoods
from modelmap.plan.ordered_texts import permanent_random_numbers, plan_table, with_even_share
from modelmap.plumbing.errors import listed
from modelmap.published.licences import text_digest
from modelmap.published.manifest import MANIFEST, Manifest, PlanKeys
from modelmap.resample.methods import METHODS
from modelmap.texts.text_set import text_set_hash

ROUNDING = 1e-6
"""The difference that is taken for rounding: another machine may sum in another order."""


@dataclass(frozen=True)
class Bundle:
    """What a bundle holds, with the withheld texts in their places."""

    manifest: Manifest
    texts: pd.DataFrame
    """The table of texts, of the schema BUNDLE_TEXTS."""
    matrix: LogLikelihoods
    models: pd.DataFrame
    plan: pd.DataFrame
    map: pd.DataFrame


def disagreements(bundle: Bundle) -> list[str]:
    """Return a phrase for everything in a bundle that its texts and log-likelihoods contradict.

    The places on the map are not compared: t-SNE amplifies rounding, so another machine may find
    other places.
    """
    manifest, matrix, texts = bundle.manifest, bundle.matrix, bundle.texts
    same_number = len(texts) == matrix.n_texts == manifest.n_texts
    if not same_number or not text_set_hash(texts["text"]) == matrix.text_set == manifest.text_set:
        return ["texts.parquet is of other texts"]
    return [*_of_numbers(bundle), *_of_texts(texts), *_of_models(bundle), *_of_plan(bundle)]


def _of_numbers(bundle: Bundle) -> list[str]:
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


def _of_texts(texts: pd.DataFrame) -> list[str]:
    computed = {
        "text_id": range(len(texts)),
        "n_bytes": [len(text.encode("utf-8")) for text in texts["text"]],
        "sha256": [text_digest(text) for text in texts["text"]],
    }
    return [
        phrase
        for name, values in computed.items()
        for phrase in _rows(name, (texts[name] == pd.Series(values, index=texts.index)).to_numpy())
    ]


def _of_models(bundle: Bundle) -> list[str]:
    tables = {"models.parquet": bundle.models, "map.parquet": bundle.map}
    return [
        f"{name} is of other models"
        for name, table in tables.items()
        if list(table["model"]) != bundle.matrix.models
    ]


def _of_plan(bundle: Bundle) -> list[str]:
    """Return a phrase for each column of the plan that has other values than it should."""
    plan = bundle.plan
    if plan["text_id"].tolist() != list(range(bundle.matrix.n_texts)):
        return ["plan.parquet is of other texts"]
    settings = bundle.manifest.analysis.plan
    random_numbers = permanent_random_numbers(bundle.texts["text"].tolist(), settings.seed)
    size = _size_measure(bundle.matrix, settings)
    # From the columns as they are: sizes that differ by rounding alone may exchange two ranks.
    rank = plan_table(plan["size_measure"].to_numpy(), plan["random_number"].to_numpy())["rank"]
    return [
        *_rows("random_number", plan["random_number"].to_numpy() == random_numbers),
        *_rows("size_measure", np.isclose(plan["size_measure"], size, ROUNDING, ROUNDING)),
        *_rows("rank", (plan["rank"] == rank).to_numpy()),
    ]


def _size_measure(matrix: LogLikelihoods, settings: PlanKeys) -> np.ndarray:
    coordinates = matrix.coordinates()
    size = METHODS[settings.size_measure].size(coordinates, squared_distances(coordinates))
    return with_even_share(size, settings.even_share)


def _rows(name: str, fits: np.ndarray) -> list[str]:
    wrong = np.flatnonzero(~fits).tolist()
    return [f"{name} of text {listed(wrong, 3)}"] if wrong else []
