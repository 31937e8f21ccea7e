"""Stage new_models: place the newest models on a map whose texts were chosen without them."""

from functools import partial

import pandas as pd

from modelmap.map.file import read_papers_places
from modelmap.map.settings import MapSettings
from modelmap.matrix.file import read_matrix, read_matrix_models
from modelmap.matrix.settings import MatrixSettings
from modelmap.new_models.settings import NewModelsSettings
from modelmap.new_models.tables import NEW_MODEL_ERRORS, NEW_MODELS
from modelmap.new_models.trial import (
    error_table,
    new_places,
    newest,
    run_errors,
    skip_reason,
    trial,
    trial_metrics,
)
from modelmap.plumbing.files import write_json
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.parallel import parallel_map
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import empty_table, write_csv, write_table
from modelmap.resample.paper_draws import run_seeds


def run(layout: Layout) -> None:
    """Write data/new_models.parquet, reports/plots/new_models.csv and their metrics."""
    settings = read_section(layout, "new_models", NewModelsSettings)
    clip_quantile = read_section(layout, "matrix", MatrixSettings).clip_quantile
    matrix = read_matrix(layout.matrix)
    is_new = newest(read_matrix_models(layout.models, matrix), settings.share)
    reason = skip_reason(matrix.loglik_nats, is_new, clip_quantile)
    if reason is not None:
        _write(layout, empty_table(NEW_MODELS), empty_table(NEW_MODEL_ERRORS), {"skipped": reason})
        return
    n_draws = max(2, round(settings.draws * matrix.n_texts))
    shared = trial(matrix.loglik_nats, is_new, clip_quantile, n_draws)
    seeds, n_workers = run_seeds(settings.n_runs), load_hardware(layout.conf).n_workers
    runs = parallel_map(partial(run_errors, shared), seeds, n_workers, "errors of new models")
    errors = error_table(runs)
    reference = read_papers_places(layout.map, matrix.models)
    places = new_places(shared, matrix.models, reference, read_section(layout, "map", MapSettings))
    _write(layout, places, errors, trial_metrics(shared, errors, settings.n_runs))


def _write(
    layout: Layout, places: pd.DataFrame, errors: pd.DataFrame, metrics: dict[str, object]
) -> None:
    write_table(places, NEW_MODELS, layout.new_models)
    write_csv(errors, NEW_MODEL_ERRORS, layout.plot("new_models"))
    write_json(layout.metrics("new_models"), metrics)
