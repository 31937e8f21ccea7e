"""Stage divergence: coordinates become KL divergences, neighbours and clusters."""

from collections.abc import Iterator

import pandas as pd

from modelmap.divergence.interval import COVERS, intervals
from modelmap.divergence.kl import bits_per_byte, nats_per_text, squared_distances
from modelmap.divergence.neighbours import cluster_table, nearest, pair_table
from modelmap.divergence.settings import DivergenceSettings
from modelmap.divergence.standard_error import clustered, standard_errors
from modelmap.divergence.tables import CLUSTERS, KL, NEIGHBOURS
from modelmap.matrix.file import LogLikelihoods, read_matrix
from modelmap.matrix.tables import MODELS
from modelmap.plumbing.files import write_json
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import read_table, write_table
from modelmap.texts.settings import TextsSettings
from modelmap.texts.tables import TEXTS
from modelmap.texts.text_set import check_text_set


def run(layout: Layout) -> None:
    """Write data/kl.parquet, neighbours.parquet, clusters.parquet and their metrics."""
    settings = read_section(layout, "divergence", DivergenceSettings)
    matrix = read_matrix(layout.matrix)
    texts = read_table(layout.texts, TEXTS)
    check_text_set(texts["text"], matrix.text_set)
    clusters = clustered(texts, read_section(layout, "texts", TextsSettings).by_category)
    coordinates = matrix.coordinates()
    nats = nats_per_text(squared_distances(coordinates), matrix.n_texts)
    spread = standard_errors(coordinates, clusters)
    low, high = intervals(nats, spread, settings.confidence)
    kl, errors, low, high = (
        bits_per_byte(values, matrix.mean_bytes)
        for values in (nats, spread.standard_error, low, high)
    )
    pairs = pair_table(kl, errors, (low, high), matrix.models)
    neighbours = nearest(kl, matrix.models, settings.n_neighbours)
    write_table(pairs, KL, layout.kl)
    write_table(neighbours, NEIGHBOURS, layout.neighbours)
    write_table(cluster_table(kl, settings.linkage), CLUSTERS, layout.clusters)
    models = read_table(layout.models, MODELS)
    told = {
        **_metrics(pairs, neighbours, models, matrix),
        "n_documents": clusters.n_documents,
        "n_strata": clusters.n_strata,
        "confidence": settings.confidence,
        "intervals_cover": COVERS,
        **_interval_metrics(pairs),
    }
    write_json(layout.metrics("divergence"), told)


def _metrics(
    pairs: pd.DataFrame, neighbours: pd.DataFrame, models: pd.DataFrame, matrix: LogLikelihoods
) -> dict[str, object]:
    family = models.set_index("model")["family"]
    within = pairs["model_a"].map(family) == pairs["model_b"].map(family)
    first = neighbours[neighbours["rank"] == 1]
    kept = first["model"].map(family).to_numpy() == first["neighbour"].map(family).to_numpy()
    kl = pairs["kl_bits_per_byte"]
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
        "nearest_in_family_share": round(float(kept.mean()), 3),
        **medians,
    }


def _interval_metrics(pairs: pd.DataFrame) -> dict[str, object]:
    apart = pairs[pairs["kl_bits_per_byte"] > 0]
    kl, width = apart["kl_bits_per_byte"], apart["high_bits_per_byte"] - apart["low_bits_per_byte"]
    return {
        "median_relative_standard_error": _median(apart["se_bits_per_byte"] / kl, 3),
        "median_relative_half_width": _median(width / 2 / kl, 3),
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
