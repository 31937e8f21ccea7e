"""The two pools of a corpus of documents: one to train on, one to sample texts from."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from modelmap.errors import UserError
from modelmap.texts import jsonl, packages
from modelmap.texts.chunk import chunk_text, is_long_enough
from modelmap.texts.dedupe import without_repeats
from modelmap.texts.document import Document, in_training_pool
from modelmap.texts.settings import Corpus

Chunked = Iterable[tuple[Document, list[tuple[int, str]]]]


def chunked_documents(corpus: Corpus, raw: Path) -> Chunked:
    """Return each document of the corpus with its (index, chunk) pairs, repeats removed."""
    if corpus.source == "packages":
        documents = packages.read_documents(corpus)
    elif corpus.source == "jsonl":
        documents = jsonl.read_documents(raw / str(corpus.path))
    else:
        raise UserError(
            "corpus.source pile is a stream with no training pool: choose models that are not "
            "trained here, or another source"
        )
    pieces = ((item, chunk_text(item.text, corpus.max_bytes)) for item in documents)
    if corpus.duplicate_share is not None:
        return without_repeats(pieces, corpus.duplicate_share)
    return ((item, list(enumerate(chunks))) for item, chunks in pieces)


def sampling_pool(chunked: Chunked, corpus: Corpus) -> pd.DataFrame:
    """Return one row per chunk that may be sampled, with the texts table's columns but text_id."""
    rows = [
        {
            "text": chunk,
            "category": document.category,
            "source": document.source,
            "source_version": document.source_version,
            "source_path": document.source_path,
            "document_id": document.document_id,
            "chunk_index": index,
            "n_bytes": len(chunk.encode("utf-8")),
        }
        for document, chunks in chunked
        if not in_training_pool(document.document_id, corpus.train_share)
        for index, chunk in chunks
        if is_long_enough(chunk, corpus.min_bytes)
    ]
    if not rows:
        raise UserError(
            f"the corpus gives no text of more than {corpus.min_bytes} bytes: "
            "check corpus.source and corpus.min_bytes"
        )
    return pd.DataFrame(rows)


def training_pool(chunked: Chunked, corpus: Corpus) -> dict[str, list[str]]:
    """Return the training documents' text by category, each joined from its kept chunks."""
    pool: dict[str, list[str]] = {}
    for document, chunks in chunked:
        if in_training_pool(document.document_id, corpus.train_share):
            pool.setdefault(document.category, []).append("".join(chunk for _, chunk in chunks))
    return pool
