"""Study figures: what the studies found, drawn and captioned."""

from modelmap.divergence.settings import DivergenceSettings
from modelmap.figures.catalogue import Entry, draw_all
from modelmap.figures.settings import FiguresSettings
from modelmap.plumbing.files import write_json
from modelmap.plumbing.folders import replaced
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import read_csv
from modelmap.studies.coverage.settings import CoverageSettings
from modelmap.studies.coverage.tables import COVERAGE
from modelmap.studies.figures import coverage, kl_truth, text_count
from modelmap.studies.kl_truth.tables import KL_TRUTH
from modelmap.studies.text_count.settings import TextCountSettings
from modelmap.studies.text_count.tables import TEXT_COUNT


def run(layout: Layout) -> None:
    """Replace reports/studies/figures: a figure for each study, and index.json."""
    settings = read_section(layout, "figures", FiguresSettings)
    figures = [_coverage(layout), _kl_truth(layout), _text_count(layout)]
    with replaced(layout.studies / "figures") as directory:
        write_json(directory / "index.json", draw_all(figures, settings, directory))


def _coverage(layout: Layout) -> Entry:
    table = read_csv(layout.study("coverage", "csv"), COVERAGE)
    confidence = read_section(layout, "divergence", DivergenceSettings).confidence
    n_replications = read_section(layout, "coverage", CoverageSettings).n_replications
    return Entry(
        "coverage",
        coverage.skip_reason(table),
        lambda: coverage.draw(table, confidence),
        lambda: coverage.caption(table, confidence, n_replications),
    )


def _kl_truth(layout: Layout) -> Entry:
    table = read_csv(layout.study("kl_truth", "csv"), KL_TRUTH)
    return Entry(
        "kl_truth",
        kl_truth.skip_reason(table),
        lambda: kl_truth.draw(table),
        lambda: kl_truth.caption(table),
    )


def _text_count(layout: Layout) -> Entry:
    table = read_csv(layout.study("text_count", "csv"), TEXT_COUNT)
    settings = read_section(layout, "text_count", TextCountSettings)
    return Entry(
        "text_count",
        None,
        lambda: text_count.draw(table, settings.error),
        lambda: text_count.caption(table, settings.error, settings.n_parts),
    )
