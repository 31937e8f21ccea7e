"""Stage resample: what resampling texts loses, by the papers' methods and by designs of our own."""

from functools import partial

import numpy as np
import pandas as pd

from modelmap.divergence.kl import squared_distances
from modelmap.matrix.file import read_matrix
from modelmap.plumbing.arrays import Matrix, Vector
from modelmap.plumbing.files import write_json
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.parallel import each
from modelmap.plumbing.section import read_section
from modelmap.plumbing.seeds import named_rng
from modelmap.plumbing.tables import write_csv
from modelmap.resample.comparison import (
    DESIGNS,
    SEQUENTIAL,
    Design,
    comparison_row,
    drawn,
    parts_of_the_gain,
    size_measures,
)
from modelmap.resample.curves import baselines, meeting_points, method_curve, sizes, with_population
from modelmap.resample.gram import ErrorMeter, run_errors, sample_errors
from modelmap.resample.paper_draws import drawn_texts, run_seeds
from modelmap.resample.settings import ResampleSettings
from modelmap.resample.tables import DESIGN_ERRORS, RESAMPLE_CURVES
from modelmap.resample.weights import METHODS, probabilities

TOLD_SHARE = 0.6
"""The share of texts at which the metrics compare designs; the plot has them all."""


def run(layout: Layout) -> None:
    """Write reports/plots/resample.csv and designs.csv, and their metrics."""
    settings = read_section(layout, "resample", ResampleSettings)
    n_workers = load_hardware(layout.conf).n_workers
    matrix = read_matrix(layout.matrix)
    coordinates = matrix.coordinates()
    distances = squared_distances(coordinates)
    curves = _curves(coordinates, distances, settings.n_runs, n_workers)
    designs = _designs(coordinates, distances, settings, n_workers)
    baseline = baselines(curves, matrix.n_texts)
    points = meeting_points(curves, baseline)
    write_csv(curves, RESAMPLE_CURVES, layout.plot("resample"))
    write_csv(designs, DESIGN_ERRORS, layout.plot("designs"))
    write_json(layout.metrics("resample"), _metrics(points, baseline, designs, matrix.n_texts))


def _curves(coordinates: Matrix, distances: Matrix, n_runs: int, n_workers: int) -> pd.DataFrame:
    n_texts = coordinates.shape[1]
    numbers, meter = sizes(n_texts), ErrorMeter(distances)
    curves = []
    for method in METHODS:
        pi = probabilities(method, coordinates)
        one = partial(_one_run, coordinates, pi, numbers, meter)
        runs = np.stack(each(one, run_seeds(n_runs), n_workers, f"resampling by {method}"))
        curves.append(method_curve(method, numbers, runs))
    return with_population(pd.concat(curves, ignore_index=True), n_texts)


def _one_run(
    coordinates: Matrix, pi: Vector, numbers: list[int], meter: ErrorMeter, seed: int
) -> Matrix:
    return run_errors(coordinates, pi, drawn_texts(pi, numbers[-1], seed), numbers, meter)


def _designs(
    coordinates: Matrix, distances: Matrix, settings: ResampleSettings, n_workers: int
) -> pd.DataFrame:
    n_texts = coordinates.shape[1]
    measures, meter = size_measures(coordinates, distances), ErrorMeter(distances)
    unique = [max(2, round(share * n_texts)) for share in settings.unique_shares]
    cells = [(design, n) for design in DESIGNS for n in unique]
    one = partial(_one_cell, coordinates, measures, meter, settings)
    return pd.DataFrame(each(one, cells, n_workers, "comparing designs"))


def _one_cell(
    coordinates: Matrix,
    measures: dict[str, Vector],
    meter: ErrorMeter,
    settings: ResampleSettings,
    cell: tuple[Design, int],
) -> dict[str, object]:
    design, n_unique = cell
    rng = named_rng(settings.seed, "designs", design.draws, design.size, str(n_unique))
    errors = [
        sample_errors(coordinates, drawn(design, measures[design.size], n_unique, rng), meter)
        for _ in range(settings.n_design_runs)
    ]
    return comparison_row(design, n_unique, coordinates.shape[1], np.array(errors))


def _metrics(
    points: pd.DataFrame, baseline: dict[str, float], designs: pd.DataFrame, n_texts: int
) -> dict[str, object]:
    told: dict[str, object] = {"n_texts": n_texts}
    for measure, bound in baseline.items():
        told[f"{measure}_baseline"] = round(bound, 3)
    for point in points.itertuples():
        key = f"{point.method}_{point.measure}"
        reached = bool(np.isfinite(point.n))
        told[f"{key}_draws"] = int(point.n) if reached else None
        told[f"{key}_unique_texts"] = round(point.d) if reached else None
        # A method may reach what uniform sampling does not.
        ratio = point.d_ratio_to_uniform
        told[f"{key}_ratio_to_uniform"] = round(ratio, 2) if np.isfinite(ratio) else None
    share = min(designs["share"], key=lambda one: abs(one - TOLD_SHARE))
    told_at = designs[designs["share"] == share]
    errors = {
        Design(row.draws, row.size_measure): row.relative_error for row in told_at.itertuples()
    }
    gain = parts_of_the_gain(errors, Design(SEQUENTIAL, "relative"))
    told["designs_compared_at_unique_texts"] = int(told_at["d"].iloc[0])
    told.update({f"designs_{name}": round(value, 3) for name, value in gain.items()})
    return told
