"""The corpus table: documents cut into texts, in a pool to sample from and a pool to train on."""

from collections.abc import Iterable

import pandas as pd

from modelmap.corpus.chunk import chunk_text, is_long_enough
from modelmap.corpus.dedupe import without_repeats
from modelmap.corpus.document import Document, in_training_pool
from modelmap.corpus.settings import CorpusSettings
from modelmap.corpus.tables import SAMPLING, TRAINING
from modelmap.plumbing.errors import UserError

Chunked = Iterable[tuple[Document, list[tuple[int, str]]]]


def chunked(documents: Iterable[Document], corpus: CorpusSettings) -> Chunked:
    """Yield each document with its (index, chunk) pairs, repeats of earlier documents removed."""
    pieces = ((item, chunk_text(item.text, corpus.max_bytes)) for item in documents)
    if corpus.duplicate_share is not None:
        return without_repeats(pieces, corpus.duplicate_share)
    return ((item, list(enumerate(chunks))) for item, chunks in pieces)


def corpus_table(documents: Iterable[Document], corpus: CorpusSettings) -> pd.DataFrame:
    """Return one row per text, in the order of the documents.

    A document is in the training pool or in the sampling pool, never in both. The sampling pool
    has only texts of more than `min_bytes`. Raises UserError if the sampling pool is empty.
    """
    rows = []
    for document, chunks in chunked(documents, corpus):
        if in_training_pool(document.document_id, corpus.train_share):
            # A training document whose chunks are all repeats stays, as an empty text: the random
            # order of the zoo's training depends on the number of documents.
            rows += [_row(document, index, text, TRAINING) for index, text in chunks or [(0, "")]]
        else:
            rows += [
                _row(document, index, text, SAMPLING)
                for index, text in chunks
                if is_long_enough(text, corpus.min_bytes)
            ]
    if not any(row["pool"] == SAMPLING for row in rows):
        raise UserError(
            f"the corpus has no text of more than {corpus.min_bytes} bytes: "
            "check corpus.source and corpus.min_bytes"
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
    """Return the rows of a corpus table that models may be scored on."""
    return corpus[corpus["pool"] == SAMPLING].reset_index(drop=True)


def training_pool(corpus: pd.DataFrame) -> dict[str, list[str]]:
    """Return the training documents' text by category, each joined from its rows.

    Raises UserError if there are none, as in a corpus that is a sample drawn elsewhere.
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
