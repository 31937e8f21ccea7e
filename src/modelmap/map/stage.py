"""Stage map: compute the model map and measure its quality."""

from collections.abc import Mapping, Sequence

import numpy as np

from modelmap.divergence.kl import reason_if_identical
from modelmap.divergence.neighbours import models_of, square_form
from modelmap.divergence.settings import DivergenceSettings
from modelmap.divergence.tables import KL
from modelmap.map.align import map_size
from modelmap.map.embed import (
    classical_scaling,
    components_for,
    perplexity,
    spectrum,
    tsne,
    tsne_options,
)
from modelmap.map.file import map_table
from modelmap.map.quality import map_trustworthiness, nearest_kept
from modelmap.map.settings import MapSettings
from modelmap.map.tables import MAP, PLACES, SPECTRUM
from modelmap.map.uncertainty import place_covariance, sampled_kl
from modelmap.matrix.file import read_matrix
from modelmap.matrix.segments_file import read_segments
from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.files import write_json
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import check_models, read_table, write_csv, write_table


def run(layout: Layout) -> None:
    """Write data/map.parquet, spectrum.parquet, reports/plots/map.csv and their metrics."""
    settings = read_section(layout, "map", MapSettings)
    matrix = read_matrix(layout.matrix)
    estimate = read_section(layout, "divergence", DivergenceSettings).estimate
    pairs = read_table(layout.kl, KL)
    models = models_of(pairs)
    has_all = models_of(pairs.dropna(subset="kl_papers_bits_per_byte"))
    check_models(has_all, matrix.models, layout.kl.name)
    kl = square_form(pairs, models)
    coordinates = matrix.coordinates()
    options = tsne_options(settings, settings.max_iter)
    papers = np.full((len(models), 2), np.nan)
    papers[[models.index(name) for name in matrix.models]] = tsne(coordinates, options)
    scaled = coordinates if estimate == "papers" else classical_scaling(kl)
    places = papers if estimate == "papers" else tsne(scaled, options)
    uncertain = [name for name in models if name not in set(matrix.models)]
    covariance = _covariance(uncertain, models, places, layout) if uncertain else {}
    components = spectrum(coordinates)
    cumulative = components["cumulative_share"].to_numpy()
    reason = reason_if_identical(scaled)
    table = map_table(models, places, papers, covariance)
    write_table(table, MAP, layout.map)
    write_csv(table[["model", "x", "y"]].sort_values("model"), PLACES, layout.plot("map"))
    write_table(components, SPECTRUM, layout.spectrum)
    write_json(
        layout.metrics("map"),
        {
            "n_models": len(models),
            "estimate": estimate,
            "metric": settings.metric,
            "algorithm": settings.algorithm,
            "perplexity": perplexity(len(models), settings.max_perplexity),
            **({"skipped": reason} if reason else _quality(kl, places, settings.n_near)),
            **_uncertainty(covariance, places),
            "components_for_90_percent": components_for(cumulative, 0.90),
            "components_for_95_percent": components_for(cumulative, 0.95),
        },
    )


def _covariance(
    uncertain: Sequence[str], models: Sequence[str], places: Matrix, layout: Layout
) -> dict[str, Matrix]:
    """Return the covariance of the place of each uncertain model, by model."""
    segments = read_segments(layout.segments, layout.segment_table)
    check_models(segments.models, models, layout.segments.name)
    values = segments.of(models).loglik_nats
    found = {}
    for name in uncertain:
        place = models.index(name)
        sampled = sampled_kl(values, place, segments.first, segments.n_bytes)
        found[name] = place_covariance(sampled, np.delete(places, place, axis=0), places[place])
    return found


def _uncertainty(covariance: Mapping[str, Matrix], places: Matrix) -> dict[str, object]:
    """Return the number of models without all texts, and the median error of their places."""
    errors = [float(np.sqrt(np.trace(each))) / map_size(places) for each in covariance.values()]
    median = round(float(np.median(errors)), 4) if errors else None
    return {"n_models_on_some_texts": len(errors), "median_place_error_share": median}


def _quality(kl: Matrix, places: Matrix, n_near: int) -> dict[str, object]:
    return {
        "trustworthiness": round(map_trustworthiness(kl, places, n_near), 3),
        "n_near": n_near,
        "nearest_kept_share": round(nearest_kept(kl, places, n_near), 3),
    }
