"""Study place_eval: the errors of placing models that the map does not know."""

from functools import partial

import pandas as pd

from modelmap.divergence.kl import no_difference
from modelmap.divergence.mixture import text_sums
from modelmap.matrix.file import LogLikelihoods, read_matrix
from modelmap.matrix.segments_file import SegmentLogliks, read_segments
from modelmap.matrix.settings import MatrixSettings
from modelmap.matrix.tables import MODELS
from modelmap.models.file import read_roster
from modelmap.placing.verdict import relations
from modelmap.plumbing.files import write_json
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.parallel import parallel_map
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import empty_table, read_table, write_csv
from modelmap.studies.few_texts.scores import with_all_texts
from modelmap.studies.place_eval import held_out, papers
from modelmap.studies.place_eval.bits import bits_coverage
from modelmap.studies.place_eval.settings import PlaceEvalSettings
from modelmap.studies.place_eval.summary import (
    error_table,
    metrics,
    model_table,
    never_named,
    papers_table,
    verdict_table,
)
from modelmap.studies.place_eval.tables import (
    PLACE_EVAL,
    PLACE_MODELS,
    PLACE_PAPERS,
    PLACE_VERDICTS,
)
from modelmap.texts.tables import TEXTS

FEWEST_MODELS, MOST_MODELS = 4, 200
"""With more models the sums by text of all pairs would not fit into memory."""
TABLES = {
    "place_eval": PLACE_EVAL,
    "place_models": PLACE_MODELS,
    "place_verdicts": PLACE_VERDICTS,
    "place_papers": PLACE_PAPERS,
}


def run(layout: Layout) -> None:
    """Write place_eval.csv and .json, place_models.csv, place_verdicts.csv and place_papers.csv."""
    settings = read_section(layout, "place_eval", PlaceEvalSettings)
    matrix = read_matrix(layout.matrix)
    segments = _segments_of_all_texts(matrix, layout)
    models = read_table(layout.models, MODELS).set_index("model")
    n_models, sizes = len(segments.models), [n for n in settings.sizes if n <= len(segments.first)]
    if not FEWEST_MODELS <= n_models <= MOST_MODELS or not sizes:
        reason = f"needs {FEWEST_MODELS} to {MOST_MODELS} scored models, and there are {n_models}"
        _skip(layout, reason)
        return
    values = segments.loglik_nats
    related = relations(models.loc[segments.models].reset_index())
    sums = text_sums(values, values, segments.first, segments.n_bytes)
    known = held_out.Known(sums.terms, sums.n_bytes, related)
    if not (known.kl > 0).any():
        _skip(layout, no_difference())
        return
    samples, n_workers = range(settings.n_samples), load_hardware(layout.conf).n_workers
    one = partial(held_out.sample_cases, known, sizes, settings.seed)
    cases = pd.concat(parallel_map(one, samples, n_workers, "placing models"))
    if cases.empty:
        _skip(layout, no_difference())
        return
    errors, verdicts, by_model = error_table(cases), verdict_table(cases), model_table(cases)
    of_papers = _papers(matrix, settings, models, layout)
    found = metrics(errors, verdicts, of_papers, never_named(cases))
    found["coverage_of_bits_per_byte"] = bits_coverage(
        matrix.loglik_nats,
        read_table(layout.texts, TEXTS)["n_bytes"].to_numpy(),
        sizes,
        settings.seed,
    )
    _write(layout, [errors, by_model, verdicts, of_papers], found)


def _segments_of_all_texts(matrix: LogLikelihoods, layout: Layout) -> SegmentLogliks:
    """Return the log-likelihoods of segments of the models that are scored on all texts.

    They are those of the matrix, and those that the study few_texts has scored on all texts. Other
    models have no KLs from all texts to compare with.
    """
    with_segments = read_segments(layout.segments, layout.segment_table).models
    known = [name for name in matrix.models if name in set(with_segments)]
    added = [
        spec
        for spec in read_roster(layout.roster)
        if spec.name not in set(known) and (layout.few_texts / spec.file_name).is_file()
    ]
    return with_all_texts(added, known, layout)


def _papers(
    matrix: LogLikelihoods, settings: PlaceEvalSettings, models: pd.DataFrame, layout: Layout
) -> pd.DataFrame:
    """Return the table PLACE_PAPERS of the models of the matrix; `models` has their names as index.

    The papers' coordinates of a model need all texts, as the rows of the matrix do.
    """
    related = relations(models.loc[matrix.models].reset_index())
    one = partial(
        papers.sample_cases,
        matrix.loglik_nats,
        related.models,
        related.families,
        read_section(layout, "matrix", MatrixSettings).clip_quantile,
        [n for n in settings.paper_sizes if n <= matrix.n_texts],
        settings.seed,
    )
    n_workers = load_hardware(layout.conf).n_workers
    runs = parallel_map(one, range(settings.n_samples), n_workers, "the papers' distances")
    return papers_table(pd.concat(runs))


def _skip(layout: Layout, reason: str) -> None:
    _write(layout, [empty_table(schema) for schema in TABLES.values()], {"skipped": reason})


def _write(layout: Layout, tables: list[pd.DataFrame], summary: dict[str, object]) -> None:
    for (name, schema), table in zip(TABLES.items(), tables, strict=True):
        write_csv(table, schema, layout.study(name, "csv"))
    write_json(layout.study("place_eval", "json"), summary)
