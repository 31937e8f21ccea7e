"""Stage divergence: estimate KL divergences with intervals, neighbours and clusters."""

from modelmap.divergence.estimates import pair_estimates
from modelmap.divergence.interval import TARGET_POPULATION
from modelmap.divergence.neighbours import (
    cluster_table,
    neighbour_table,
    pair_relations,
    square_form,
)
from modelmap.divergence.settings import DivergenceSettings
from modelmap.divergence.standard_error import stratified_documents
from modelmap.divergence.summary import interval_metrics, kl_metrics
from modelmap.divergence.tables import CLUSTERS, KL, NEIGHBOURS, TEXT_IMPORTANCE
from modelmap.matrix.file import read_matrix, read_matrix_models
from modelmap.matrix.segments_file import check_segments, read_segments
from modelmap.matrix.tables import MODELS
from modelmap.plumbing.files import write_json
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import read_table, write_table
from modelmap.texts.settings import TextsSettings
from modelmap.texts.tables import TEXTS
from modelmap.texts.text_set import check_text_set


def run(layout: Layout) -> None:
    """Write data/kl.parquet, neighbours.parquet, clusters.parquet, text_importance.parquet."""
    settings = read_section(layout, "divergence", DivergenceSettings)
    matrix = read_matrix(layout.matrix)
    texts = read_table(layout.texts, TEXTS)
    check_text_set(texts["text"], matrix.text_set)
    models = read_matrix_models(layout.models, matrix)
    by_category = read_section(layout, "texts", TextsSettings).by_category
    documents = stratified_documents(texts, by_category)
    segments = None
    if settings.estimate == "mixture":
        segments = read_segments(layout.segments, layout.segment_table)
        check_segments(segments, matrix)
        # Those that are not scored on all texts too.
        models = read_table(layout.models, MODELS)
        segments = segments.of(models["model"].tolist())
    names = models["model"].tolist()
    pairs, importance = pair_estimates(matrix, segments, documents, settings.confidence)
    pairs = pairs.assign(relation=pair_relations(pairs, models))[list(KL.columns)]
    kl = square_form(pairs, names)
    neighbours = neighbour_table(kl, names, settings.n_neighbours)
    write_table(pairs, KL, layout.kl)
    write_table(importance, TEXT_IMPORTANCE, layout.text_importance)
    write_table(neighbours, NEIGHBOURS, layout.neighbours)
    write_table(cluster_table(kl, settings.linkage), CLUSTERS, layout.clusters)
    metrics = {
        "unit": "bits per byte",
        "estimate": settings.estimate,
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
