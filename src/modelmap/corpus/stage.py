"""Stage corpus: read documents and cut them into texts, in two pools."""

from modelmap.corpus.settings import CorpusSettings
from modelmap.corpus.sources import SOURCES, Request
from modelmap.corpus.tables import CORPUS
from modelmap.plumbing.files import write_json
from modelmap.plumbing.imported import ImportedSection
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import write_table


def run(layout: Layout) -> None:
    """Write data/corpus.parquet and reports/metrics/corpus.json."""
    settings = read_section(layout, "corpus", CorpusSettings)
    imported = read_section(layout, "imported", ImportedSection).data
    corpus = SOURCES[settings.source](Request(settings, layout, imported))
    write_table(corpus, CORPUS, layout.corpus)
    by_pool = corpus.groupby("pool")
    write_json(
        layout.metrics("corpus"),
        {
            "n_documents": {pool: int(rows["document_id"].nunique()) for pool, rows in by_pool},
            "n_texts": {pool: len(rows) for pool, rows in by_pool},
        },
    )
