"""Stage divergence: coordinates become KL divergences, neighbours and clusters."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from modelmap.divergence.kl import bits_per_byte, nats_per_text, squared_distances
from modelmap.divergence.neighbours import cluster_table, nearest, pair_table
from modelmap.divergence.settings import Divergence
from modelmap.divergence.standard_error import standard_errors
from modelmap.errors import UserError
from modelmap.files import write_json
from modelmap.layout import Layout
from modelmap.matrix.file import LogLikelihoods, read_matrix
from modelmap.section import read_section
from modelmap.tables import CLUSTERS, KL, MODELS, NEIGHBOURS, TEXTS, read_table, write_table
from modelmap.texts.text_set import text_set_hash


def run(layout: Layout) -> None:
    """Write data/kl.parquet, neighbours.parquet, clusters.parquet and their metrics."""
    settings = read_section(layout, "divergence", Divergence)
    matrix = read_matrix(layout.matrix)
    documents = _documents(read_table(layout.texts, TEXTS), matrix)
    coordinates = matrix.coordinates()
    nats = nats_per_text(squared_distances(coordinates), matrix.n_texts)
    kl = bits_per_byte(nats, matrix.mean_bytes)
    errors = bits_per_byte(standard_errors(coordinates, documents), matrix.mean_bytes)
    pairs = pair_table(kl, errors, matrix.models)
    neighbours = nearest(kl, matrix.models, settings.n_neighbours)
    write_table(pairs, KL, layout.kl)
    write_table(neighbours, NEIGHBOURS, layout.neighbours)
    write_table(cluster_table(kl, settings.linkage), CLUSTERS, layout.clusters)
    models = read_table(layout.models, MODELS)
    write_json(layout.metrics("divergence"), _metrics(pairs, neighbours, models, matrix))


def _documents(texts: pd.DataFrame, matrix: LogLikelihoods) -> np.ndarray:
    if text_set_hash(texts["text"]) != matrix.text_set:
        raise UserError("texts.parquet is not the text set of matrix.parquet: run `dvc repro`")
    if texts["document_id"].nunique() < 2:
        raise UserError(
            "all texts come from one document: a standard error needs at least two; "
            "take texts from more documents"
        )
    numbered: np.ndarray = pd.factorize(texts["document_id"])[0].astype(np.int64)
    return numbered


def _metrics(
    pairs: pd.DataFrame, neighbours: pd.DataFrame, models: pd.DataFrame, matrix: LogLikelihoods
) -> dict[str, object]:
    family = models.set_index("model")["family"]
    within = pairs["model_a"].map(family) == pairs["model_b"].map(family)
    first = neighbours[neighbours["rank"] == 1]
    kept = first["model"].map(family).to_numpy() == first["neighbour"].map(family).to_numpy()
    kl, relative = pairs["kl_bits_per_byte"], pairs["se_bits_per_byte"] / pairs["kl_bits_per_byte"]
    medians = {
        f"median_kl_{kind}_bits_per_byte": _median(values, 4)
        for kind, values in _kl_to_parents(pairs, models)
    }
    return {
        "unit": "bits per byte",
        "n_texts": matrix.n_texts,
        "mean_bytes": round(matrix.mean_bytes, 4),
        "median_kl_within_family": _median(kl[within], 4),
        "median_kl_between_families": _median(kl[~within], 4),
        "median_relative_standard_error": _median(relative[kl > 0], 3),
        "nearest_in_family_share": round(float(kept.mean()), 3),
        **medians,
    }


def _median(values: pd.Series, digits: int) -> float | None:
    """Return a rounded median, and None of nothing: there may be one family, or one kind."""
    return None if values.empty else round(float(values.median()), digits)


def _kl_to_parents(pairs: pd.DataFrame, models: pd.DataFrame) -> Iterator[tuple[str, pd.Series]]:
    """Yield each kind of model with the KL of its members to their parents."""
    kin = models.dropna(subset="parent")[["model", "parent", "kind"]]
    swapped = kin.rename(columns={"model": "parent", "parent": "model"})
    both = pd.concat([kin, swapped]).rename(columns={"model": "model_a", "parent": "model_b"})
    for kind, rows in pairs.merge(both, on=["model_a", "model_b"]).groupby("kind"):
        yield str(kind), rows["kl_bits_per_byte"]
