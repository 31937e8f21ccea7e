"""Study figures: what the studies found, drawn and captioned."""

from modelmap.divergence.settings import Divergence
from modelmap.figures import coverage, kl_truth, text_count
from modelmap.figures.catalogue import Entry, draw_all
from modelmap.figures.settings import Figures
from modelmap.files import write_json
from modelmap.folders import replaced
from modelmap.layout import Layout
from modelmap.schemas.studies import COVERAGE, KL_TRUTH, TEXT_COUNT
from modelmap.section import read_section
from modelmap.studies.settings import Coverage, TextCount
from modelmap.tables import read_csv


def run(layout: Layout) -> None:
    """Replace reports/studies/figures: a figure for each study, and index.json."""
    settings = read_section(layout, "figures", Figures)
    figures = [_coverage(layout), _kl_truth(layout), _text_count(layout)]
    with replaced(layout.studies / "figures") as directory:
        write_json(directory / "index.json", draw_all(figures, settings, directory))


def _coverage(layout: Layout) -> Entry:
    table = read_csv(layout.study("coverage", "csv"), COVERAGE)
    confidence = read_section(layout, "divergence", Divergence).confidence
    n_replications = read_section(layout, "coverage", Coverage).n_replications
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
    settings = read_section(layout, "text_count", TextCount)
    return Entry(
        "text_count",
        None,
        lambda: text_count.draw(table, settings.error),
        lambda: text_count.caption(table, settings.error, settings.n_parts),
    )
