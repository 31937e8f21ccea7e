"""Stage stability: how far models move when the map is drawn from resampled texts."""

from functools import partial

import numpy as np
import pandas as pd

from modelmap.map.align import map_size
from modelmap.map.embed import tsne, tsne_of
from modelmap.map.file import read_places
from modelmap.map.settings import MapSettings
from modelmap.matrix.file import read_matrix
from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.files import write_json
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.parallel import each
from modelmap.plumbing.section import read_section
from modelmap.plumbing.seeds import named_rng
from modelmap.plumbing.tables import write_table
from modelmap.resample.estimate import unique_texts
from modelmap.resample.paper_draws import drawn_texts, run_seeds
from modelmap.resample.weights import probabilities
from modelmap.stability.maps import (
    SAME_TEXTS,
    Draw,
    Maps,
    displacement_share,
    reordered_map,
    resampled_map,
    spread_share,
)
from modelmap.stability.settings import Setting, StabilitySettings
from modelmap.stability.tables import STABILITY


def run(layout: Layout) -> None:
    """Write data/stability.parquet and its metrics."""
    settings = read_section(layout, "stability", StabilitySettings)
    drawing = read_section(layout, "map", MapSettings)
    n_workers = load_hardware(layout.conf).n_workers
    matrix = read_matrix(layout.matrix)
    coordinates = matrix.coordinates()
    reference = read_places(layout.map, matrix.models)
    draw = partial(tsne, how=tsne_of(drawing, settings.max_iter))
    drawn = [_same_texts(coordinates, reference, draw, settings, n_workers)]
    for setting in settings.settings:
        drawn.append(_resampled(coordinates, reference, draw, setting, settings.n_runs, n_workers))
    tables = [maps.table(matrix.models, reference) for maps in drawn]
    write_table(pd.concat(tables, ignore_index=True), STABILITY, layout.stability)
    told: dict[str, object] = {
        "n_runs": settings.n_runs,
        "map_size": round(map_size(reference), 2),
    }
    for maps, table in zip(drawn, tables, strict=True):
        told[maps.setting] = _metrics(maps, table, reference)
    write_json(layout.metrics("stability"), told)


def _same_texts(
    coordinates: Matrix, reference: Matrix, draw: Draw, settings: StabilitySettings, n_workers: int
) -> Maps:
    n_models, n_texts = coordinates.shape
    orders = [
        named_rng(settings.seed, "stability", "order", str(run)).permutation(n_models)
        for run in range(settings.n_runs)
    ]
    one = partial(reordered_map, coordinates, reference, draw)
    maps = each(one, orders, n_workers, "maps of the same texts")
    return Maps(SAME_TEXTS, "none", n_texts, n_texts, np.stack(maps))


def _resampled(
    coordinates: Matrix,
    reference: Matrix,
    draw: Draw,
    setting: Setting,
    n_runs: int,
    n_workers: int,
) -> Maps:
    pi = probabilities(setting.method, coordinates)
    n_draws = setting.n_draws(coordinates.shape[1])
    samples = [unique_texts(drawn_texts(pi, n_draws, seed), pi) for seed in run_seeds(n_runs)]
    one = partial(resampled_map, coordinates, reference, draw)
    maps = each(one, samples, n_workers, f"maps of {setting.name}")
    unique = float(np.mean([len(sample) for sample in samples]))
    return Maps(setting.name, setting.method, n_draws, unique, np.stack(maps))


def _metrics(maps: Maps, table: pd.DataFrame, reference: Matrix) -> dict[str, object]:
    return {
        "n_draws": maps.n_draws,
        "unique_texts": round(maps.unique_texts, 1),
        "displacement_share": round(displacement_share(table, reference), 3),
        "spread_share": round(spread_share(table, reference), 3),
    }
