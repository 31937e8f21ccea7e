"""Stage texts: the corpus becomes a table of sampled texts."""

import pandas as pd

from modelmap.errors import UserError
from modelmap.files import write_json
from modelmap.layout import Layout
from modelmap.published.files import imported_file
from modelmap.published.settings import Section
from modelmap.schemas.scoring import TEXTS
from modelmap.section import read_section
from modelmap.seeds import named_rng
from modelmap.tables import read_table, write_table
from modelmap.texts.pile import draw_texts, stream_documents
from modelmap.texts.pools import chunked_documents, sampling_pool
from modelmap.texts.sample import sample_texts
from modelmap.texts.settings import Corpus, Sampling


def run(layout: Layout) -> None:
    """Write data/texts.parquet and reports/metrics/texts.json."""
    corpus = read_section(layout, "corpus", Corpus)
    sampling = read_section(layout, "texts", Sampling)
    imported = read_section(layout, "imported", Section).data
    if imported is not None:
        texts = read_table(imported_file(layout, imported, "texts"), TEXTS)
        n_pool = None
    elif corpus.source == "pile":
        if sampling.n_texts == "all":
            raise UserError("texts.n_texts must be a number for the pile, as in the papers: 10000")
        texts = draw_texts(stream_documents(corpus), corpus, sampling.n_texts)
        n_pool = None
    else:
        pool = sampling_pool(chunked_documents(corpus, layout.raw), corpus)
        texts = sample_texts(pool, sampling, named_rng(sampling.seed, "texts", "sample"))
        n_pool = len(pool)
    write_table(texts, TEXTS, layout.texts)
    write_json(layout.metrics("texts"), text_metrics(texts, n_pool))


def text_metrics(texts: pd.DataFrame, n_pool: int | None) -> dict[str, object]:
    """Return counts for people: texts, documents, mean bytes, and texts by category."""
    return {
        "n_texts": len(texts),
        "n_pool": n_pool,
        "n_documents": int(texts["document_id"].nunique()),
        "mean_bytes": round(float(texts["n_bytes"].mean()), 4),
        "by_category": {
            str(name): int(count) for name, count in texts["category"].value_counts().items()
        },
    }
