"""Stage stability: measure how far models move on maps of resampled texts."""

from functools import partial

import pandas as pd

from modelmap.divergence.kl import reason_if_identical
from modelmap.map.align import map_size
from modelmap.map.embed import tsne, tsne_options
from modelmap.map.file import read_papers_places
from modelmap.map.settings import MapSettings
from modelmap.matrix.file import read_matrix
from modelmap.plumbing.files import write_json
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import empty_table, write_table
from modelmap.stability.maps import maps_of_resampled_texts, maps_of_same_texts
from modelmap.stability.settings import StabilitySettings
from modelmap.stability.tables import STABILITY


def run(layout: Layout) -> None:
    """Write data/stability.parquet and its metrics."""
    settings = read_section(layout, "stability", StabilitySettings)
    map_settings = read_section(layout, "map", MapSettings)
    n_workers = load_hardware(layout.conf).n_workers
    matrix = read_matrix(layout.matrix)
    coordinates = matrix.coordinates()
    reference = read_papers_places(layout.map, matrix.models)
    reason = reason_if_identical(coordinates)
    if reason is not None:
        write_table(empty_table(STABILITY), STABILITY, layout.stability)
        write_json(layout.metrics("stability"), {"skipped": reason})
        return
    embed = partial(tsne, options=tsne_options(map_settings, settings.max_iter))
    by_setting = [maps_of_same_texts(coordinates, reference, embed, settings, n_workers)]
    for setting in settings.settings:
        by_setting.append(
            maps_of_resampled_texts(
                coordinates, reference, embed, setting, settings.n_runs, n_workers
            )
        )
    tables = [maps.table(matrix.models, reference) for maps in by_setting]
    write_table(pd.concat(tables, ignore_index=True), STABILITY, layout.stability)
    metrics: dict[str, object] = {
        "n_runs": settings.n_runs,
        "map_size": round(map_size(reference), 2),
    }
    for maps, table in zip(by_setting, tables, strict=True):
        metrics[maps.setting] = maps.metrics(table, reference)
    write_json(layout.metrics("stability"), metrics)
