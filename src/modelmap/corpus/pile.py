"""The source `pile`: texts drawn from the Pile exactly as Oyama et al. 2025 (ACL) drew theirs."""

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
"""A function that starts reading documents from the first one."""


def stream_documents(corpus: CorpusSettings) -> Stream:
    """Return a function that starts a new stream of the first `n_documents` of the data set."""
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
    """Yield every chunk of more than `min_bytes` with its pile_idx, chunk_idx and pile_set_name.

    pile_idx is the number of the document, and chunk_idx that of the chunk in the document.
    """
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
    """Return the chunks that Oyama et al. 2025 (ACL) draw, in the order of the draws.

    The result is a table of the schema CORPUS. The papers' texts are its first 10,000 rows.
    Raises UserError if the data set has fewer than `n_drawn` chunks.
    """

    def chunks() -> Iterator[dict[str, Any]]:
        return kept_chunks(stream(), corpus.min_bytes, corpus.max_bytes)

    # The papers call random.seed(seed) and random.sample(chunks, n_drawn). Drawing numbers in place
    # of chunks gives the same draw. The stream is read twice, first to count the chunks and then to
    # collect the drawn ones, so that millions of chunks are never in memory together.
    total = sum(1 for _ in chunks())
    n_drawn = int(corpus.n_drawn or 0)
    if n_drawn > total:
        raise UserError(f"corpus.n_drawn = {n_drawn} is more than the data set's {total} chunks")
    # A seed that is not derived from names, as everywhere else, because the papers used this one.
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
