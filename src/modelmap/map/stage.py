"""Stage map: compute the model map and measure its quality."""

from modelmap.divergence.kl import reason_if_identical
from modelmap.divergence.neighbours import square_form
from modelmap.divergence.settings import DivergenceSettings
from modelmap.divergence.tables import KL
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
from modelmap.matrix.file import read_matrix
from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.files import write_json
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import read_table, write_csv, write_table


def run(layout: Layout) -> None:
    """Write data/map.parquet, spectrum.parquet, reports/plots/map.csv and their metrics."""
    settings = read_section(layout, "map", MapSettings)
    matrix = read_matrix(layout.matrix)
    estimate = read_section(layout, "divergence", DivergenceSettings).estimate
    kl = square_form(read_table(layout.kl, KL), matrix.models)
    coordinates = matrix.coordinates()
    options = tsne_options(settings, settings.max_iter)
    papers = tsne(coordinates, options)
    scaled = coordinates if estimate == "papers" else classical_scaling(kl)
    places = papers if estimate == "papers" else tsne(scaled, options)
    components = spectrum(coordinates)
    cumulative = components["cumulative_share"].to_numpy()
    reason = reason_if_identical(scaled)
    table = map_table(matrix.models, places, papers)
    write_table(table, MAP, layout.map)
    write_csv(table[["model", "x", "y"]].sort_values("model"), PLACES, layout.plot("map"))
    write_table(components, SPECTRUM, layout.spectrum)
    write_json(
        layout.metrics("map"),
        {
            "n_models": len(matrix.models),
            "estimate": estimate,
            "metric": settings.metric,
            "algorithm": settings.algorithm,
            "perplexity": perplexity(len(matrix.models), settings.max_perplexity),
            **({"skipped": reason} if reason else _quality(kl, places, settings.n_near)),
            "components_for_90_percent": components_for(cumulative, 0.90),
            "components_for_95_percent": components_for(cumulative, 0.95),
        },
    )


def _quality(kl: Matrix, places: Matrix, n_near: int) -> dict[str, object]:
    return {
        "trustworthiness": round(map_trustworthiness(kl, places, n_near), 3),
        "n_near": n_near,
        "nearest_kept_share": round(nearest_kept(kl, places, n_near), 3),
    }
