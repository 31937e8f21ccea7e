"""The papers' own texts: P1's recipe on the Pile, draw for draw."""

import random
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import pandas as pd

from modelmap.corpus.chunk import chunk_text, is_long_enough
from modelmap.corpus.settings import CorpusSettings
from modelmap.corpus.tables import SAMPLING
from modelmap.plumbing.errors import UserError

Stream = Callable[[], Iterable[dict[str, Any]]]


def stream_documents(corpus: CorpusSettings) -> Stream:
    """Return a function that starts a fresh stream of the data set's first documents."""
    from datasets import load_dataset
    from httpx2 import HTTPError

    def start() -> Iterator[dict[str, Any]]:
        try:
            rows = load_dataset(
                str(corpus.dataset), split=corpus.split, revision=corpus.revision, streaming=True
            )
            yield from islice(rows, corpus.n_documents)
        except (OSError, ValueError, HTTPError) as error:
            raise UserError(
                f"cannot stream {corpus.dataset} ({type(error).__name__}): check the network and "
                "the name, then run `dvc repro` again"
            ) from error

    return start


def kept_chunks(
    documents: Iterable[dict[str, Any]], min_bytes: int, max_bytes: int
) -> Iterator[dict[str, Any]]:
    """Yield every kept chunk with pile_idx, chunk_idx, pile_set_name and text, in order."""
    for pile_idx, document in enumerate(documents):
        text, pile_set_name = _fields(document, pile_idx)
        for chunk_idx, chunk in enumerate(chunk_text(text, max_bytes)):
            if is_long_enough(chunk, min_bytes):
                yield {
                    "pile_idx": pile_idx,
                    "chunk_idx": chunk_idx,
                    "pile_set_name": pile_set_name,
                    "text": chunk,
                }


def _fields(document: dict[str, Any], pile_idx: int) -> tuple[str, str]:
    text, meta = document.get("text"), document.get("meta")
    name = meta.get("pile_set_name") if isinstance(meta, dict) else None
    if not isinstance(text, str) or not isinstance(name, str):
        raise UserError(
            f"corpus.dataset: document {pile_idx} has no text or no meta.pile_set_name, which the "
            "Pile's have; choose such a data set, or corpus jsonl"
        )
    return text, name


def drawn_chunks(stream: Stream, corpus: CorpusSettings) -> pd.DataFrame:
    """Return the chunks that P1 draws, in the order of the draws, as a corpus table.

    `random.seed(seed)`, `random.sample(chunks, n_drawn)`: the papers' texts are the first 10,000.
    The stream is read twice, first to count the chunks and then to pick the drawn ones: sampling
    indices gives the same draw as sampling the list, without holding millions of chunks in memory.
    """

    def chunks() -> Iterator[dict[str, Any]]:
        return kept_chunks(stream(), corpus.min_bytes, corpus.max_bytes)

    total = sum(1 for _ in chunks())
    n_drawn = int(corpus.n_drawn or 0)
    if n_drawn > total:
        raise UserError(f"corpus.n_drawn = {n_drawn} is more than the data set's {total} chunks")
    # The papers' draw: the one place, with resampling's reproduction, that uses a bare seed.
    drawn = random.Random(corpus.seed).sample(range(total), n_drawn)
    wanted = set(drawn)
    found = {index: chunk for index, chunk in enumerate(chunks()) if index in wanted}
    return pd.DataFrame([_row(found[i], corpus) for i in drawn])


def _row(chunk: dict[str, Any], corpus: CorpusSettings) -> dict[str, Any]:
    return {
        "document_id": str(chunk["pile_idx"]),
        "chunk_index": chunk["chunk_idx"],
        "category": chunk["pile_set_name"],
        "source": corpus.dataset,
        "source_version": corpus.revision or "",
        "source_path": f"pile_idx {chunk['pile_idx']} chunk_idx {chunk['chunk_idx']}",
        "licence": "unknown",
        "pool": SAMPLING,
        "text": chunk["text"],
    }
