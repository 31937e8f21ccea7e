"""Stage resample: errors of distances from resampled texts, by sampling method and design."""

from modelmap.divergence.kl import squared_distances
from modelmap.matrix.file import read_matrix
from modelmap.plumbing.files import write_json
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import write_csv
from modelmap.resample.comparison import design_errors, gain_metrics
from modelmap.resample.curves import baselines, error_curves, meeting_metrics, meeting_points
from modelmap.resample.methods import METHODS
from modelmap.resample.settings import ResampleSettings
from modelmap.resample.tables import DESIGN_ERRORS, RESAMPLE_CURVES


def run(layout: Layout) -> None:
    """Write reports/plots/resample.csv and designs.csv, and reports/metrics/resample.json."""
    settings = read_section(layout, "resample", ResampleSettings)
    n_workers = load_hardware(layout.conf).n_workers
    matrix = read_matrix(layout.matrix)
    coordinates = matrix.coordinates()
    distances = squared_distances(coordinates)
    curves = error_curves(coordinates, distances, settings.n_runs, n_workers)
    designs = design_errors(coordinates, distances, settings, n_workers)
    baseline = baselines(curves, matrix.n_texts)
    points = meeting_points(curves, baseline)
    write_csv(curves, RESAMPLE_CURVES, layout.plot("resample"))
    write_csv(designs, DESIGN_ERRORS, layout.plot("designs"))
    metrics = {
        "n_texts": matrix.n_texts,
        "n_runs": settings.n_runs,
        "n_design_runs": settings.n_design_runs,
        "methods": {method.key: method.label for method in METHODS.values()},
        **meeting_metrics(points, baseline),
        **gain_metrics(designs),
    }
    write_json(layout.metrics("resample"), metrics)
