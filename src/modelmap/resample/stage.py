"""Stage resample: errors of distances from resampled texts, by sampling method and design."""

import pandas as pd

from modelmap.divergence.kl import reason_if_identical, squared_distances
from modelmap.divergence.settings import DivergenceSettings
from modelmap.matrix.file import read_matrix
from modelmap.matrix.segments_file import read_segments
from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.files import write_json
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import empty_table, write_csv
from modelmap.resample.comparison import design_errors, gain_metrics
from modelmap.resample.curves import baselines, error_curves, meeting_metrics, meeting_points
from modelmap.resample.methods import METHODS
from modelmap.resample.pair_terms import PairTerms, pair_terms
from modelmap.resample.settings import ResampleSettings
from modelmap.resample.tables import DESIGN_ERRORS, RESAMPLE_CURVES


def run(layout: Layout) -> None:
    """Write reports/plots/resample.csv and designs.csv, and reports/metrics/resample.json."""
    settings = read_section(layout, "resample", ResampleSettings)
    n_workers = load_hardware(layout.conf).n_workers
    matrix = read_matrix(layout.matrix)
    pairs = None
    if read_section(layout, "divergence", DivergenceSettings).estimate == "mixture":
        segments = read_segments(layout.segments, layout.segment_table)
        pairs = pair_terms(segments.of(matrix.models), settings.seed)
    curves, designs, results = _results(matrix.coordinates(), pairs, settings, n_workers)
    write_csv(curves, RESAMPLE_CURVES, layout.plot("resample"))
    write_csv(designs, DESIGN_ERRORS, layout.plot("designs"))
    metrics = {
        "n_texts": matrix.n_texts,
        "n_runs": settings.n_runs,
        "n_design_runs": settings.n_design_runs,
        "methods": {method.key: method.label for method in METHODS.values()},
        **results,
    }
    write_json(layout.metrics("resample"), metrics)


def _results(
    coordinates: Matrix, pairs: PairTerms | None, settings: ResampleSettings, n_workers: int
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, object]]:
    """Return both tables and the metrics that come from them."""
    reason = reason_if_identical(coordinates)
    if reason is not None:
        return empty_table(RESAMPLE_CURVES), empty_table(DESIGN_ERRORS), {"skipped": reason}
    distances = squared_distances(coordinates)
    curves = error_curves(coordinates, distances, settings.n_runs, n_workers)
    designs = design_errors(coordinates, distances, pairs, settings, n_workers)
    baseline = baselines(curves, coordinates.shape[1])
    points = meeting_points(curves, baseline)
    return curves, designs, {**meeting_metrics(points, baseline), **gain_metrics(designs)}
