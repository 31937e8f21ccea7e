"""Stage divergence: estimate KL divergences with intervals, neighbours and clusters."""

from modelmap.divergence.interval import TARGET_POPULATION, intervals
from modelmap.divergence.kl import bits_per_byte, nats_per_text, squared_distances
from modelmap.divergence.neighbours import cluster_table, neighbour_table, pair_table
from modelmap.divergence.settings import DivergenceSettings
from modelmap.divergence.standard_error import standard_errors, stratified_documents
from modelmap.divergence.summary import interval_metrics, kl_metrics
from modelmap.divergence.tables import CLUSTERS, KL, NEIGHBOURS
from modelmap.matrix.file import read_matrix
from modelmap.matrix.tables import MODELS
from modelmap.plumbing.files import write_json
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import read_models, read_table, write_table
from modelmap.texts.settings import TextsSettings
from modelmap.texts.tables import TEXTS
from modelmap.texts.text_set import check_text_set


def run(layout: Layout) -> None:
    """Write data/kl.parquet, neighbours.parquet, clusters.parquet and their metrics."""
    settings = read_section(layout, "divergence", DivergenceSettings)
    matrix = read_matrix(layout.matrix)
    texts = read_table(layout.texts, TEXTS)
    check_text_set(texts["text"], matrix.text_set)
    models = read_models(layout.models, MODELS, matrix.models)
    documents = stratified_documents(
        texts, read_section(layout, "texts", TextsSettings).by_category
    )
    coordinates = matrix.coordinates()
    nats = nats_per_text(squared_distances(coordinates), matrix.n_texts)
    errors = standard_errors(coordinates, documents)
    low, high = intervals(nats, errors, settings.confidence)
    kl, se, low, high = (
        bits_per_byte(values, matrix.mean_bytes)
        for values in (nats, errors.standard_error, low, high)
    )
    pairs = pair_table(kl, se, (low, high), matrix.models)
    neighbours = neighbour_table(kl, matrix.models, settings.n_neighbours)
    write_table(pairs, KL, layout.kl)
    write_table(neighbours, NEIGHBOURS, layout.neighbours)
    write_table(cluster_table(kl, settings.linkage), CLUSTERS, layout.clusters)
    metrics = {
        "unit": "bits per byte",
        "n_texts": matrix.n_texts,
        "mean_bytes": round(matrix.mean_bytes, 4),
        **kl_metrics(pairs, neighbours, models),
        "n_documents": documents.n_documents,
        "n_strata": documents.n_strata,
        "confidence": settings.confidence,
        "intervals_cover": TARGET_POPULATION,
        **interval_metrics(pairs),
    }
    write_json(layout.metrics("divergence"), metrics)
