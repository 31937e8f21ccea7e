"""The corpus table: documents cut into texts, in a sampling pool and a training pool."""

from collections.abc import Iterable

import pandas as pd

from modelmap.corpus.chunk import chunk_text, is_long_enough
from modelmap.corpus.dedupe import without_duplicates
from modelmap.corpus.document import Document, in_training_pool
from modelmap.corpus.settings import CorpusSettings
from modelmap.corpus.tables import SAMPLING, TRAINING
from modelmap.plumbing.errors import UserError

Chunked = Iterable[tuple[Document, list[tuple[int, str]]]]
"""Documents with their chunks, each with its position in the document."""


def chunked(documents: Iterable[Document], corpus: CorpusSettings) -> Chunked:
    """Return the documents with their (index, chunk) pairs, without duplicates if so configured."""
    pieces = ((item, chunk_text(item.text, corpus.max_bytes)) for item in documents)
    if corpus.duplicate_share is not None:
        return without_duplicates(pieces, corpus.duplicate_share)
    return ((item, list(enumerate(chunks))) for item, chunks in pieces)


def corpus_table(documents: Iterable[Document], corpus: CorpusSettings) -> pd.DataFrame:
    """Return the corpus table: one row per text, in the order of the documents.

    A document is in the training pool or in the sampling pool, never in both. Only the texts of the
    sampling pool must have more than `min_bytes`. Raises UserError if that pool is empty.
    """
    rows = []
    for document, chunks in chunked(documents, corpus):
        if in_training_pool(document.document_id, corpus.train_share):
            # A training document whose chunks are all duplicates is kept as an empty text, because
            # the random order in which the zoo is trained depends on the number of documents.
            rows += [_row(document, index, text, TRAINING) for index, text in chunks or [(0, "")]]
        else:
            rows += [
                _row(document, index, text, SAMPLING)
                for index, text in chunks
                if is_long_enough(text, corpus.min_bytes)
            ]
    if not any(row["pool"] == SAMPLING for row in rows):
        raise UserError(
            f"the sampling pool of the corpus has no text of more than {corpus.min_bytes} bytes: "
            "check corpus.source, corpus.min_bytes and corpus.train_share"
        )
    return pd.DataFrame(rows)


def _row(document: Document, index: int, text: str, pool: str) -> dict[str, object]:
    return {
        "document_id": document.document_id,
        "chunk_index": index,
        "category": document.category,
        "source": document.source,
        "source_version": document.source_version,
        "source_path": document.source_path,
        "licence": document.licence,
        "pool": pool,
        "text": text,
    }


def sampling_pool(corpus: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the corpus table that belong to the sampling pool."""
    return corpus[corpus["pool"] == SAMPLING].reset_index(drop=True)


def training_pool(corpus: pd.DataFrame) -> dict[str, list[str]]:
    """Return the texts of the training documents by category, each joined from its rows.

    Raises UserError if there are none, as in the sources `pile` and `imported`.
    """
    rows = corpus[corpus["pool"] == TRAINING]
    keys = ["category", "document_id", "source_path"]
    pool: dict[str, list[str]] = {}
    for (category, *_), text in rows.groupby(keys, sort=False)["text"].agg("".join).items():
        pool.setdefault(category, []).append(text)
    if not pool:
        raise UserError(
            "the corpus has no training pool: choose models that are not trained here, another "
            "corpus.source, or a larger corpus.train_share"
        )
    return pool
