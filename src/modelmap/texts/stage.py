"""Stage texts: sample the texts that all models are scored on."""

import pandas as pd

from modelmap.corpus.pools import sampling_pool
from modelmap.corpus.tables import CORPUS
from modelmap.plumbing.files import write_json
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.seeds import named_rng
from modelmap.plumbing.tables import read_table, write_table
from modelmap.texts.sample import sample_texts
from modelmap.texts.settings import TextsSettings
from modelmap.texts.tables import TEXTS


def run(layout: Layout) -> None:
    """Write data/texts.parquet and reports/metrics/texts.json."""
    settings = read_section(layout, "texts", TextsSettings)
    pool = sampling_pool(read_table(layout.corpus, CORPUS))
    texts = sample_texts(pool, settings, named_rng(settings.seed, "texts", "sample"))
    write_table(texts, TEXTS, layout.texts)
    write_json(layout.metrics("texts"), text_metrics(texts, len(pool)))


def text_metrics(texts: pd.DataFrame, n_pool: int) -> dict[str, object]:
    """Return the numbers of texts and documents, the mean bytes, and the number by category.

    `n_pool` is the number of texts in the sampling pool.
    """
    return {
        "n_texts": len(texts),
        "n_pool": n_pool,
        "n_documents": int(texts["document_id"].nunique()),
        "mean_bytes": round(float(texts["n_bytes"].mean()), 4),
        "by_category": {
            str(name): int(count) for name, count in texts["category"].value_counts().items()
        },
    }
