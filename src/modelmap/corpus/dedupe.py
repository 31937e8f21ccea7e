"""Removing chunks that repeat what an earlier document said."""

from collections.abc import Iterable, Iterator

from modelmap.corpus.document import Document

SHINGLE_WORDS = 5


def shingles(text: str) -> frozenset[int]:
    """Return the hashes of all runs of five lower-cased words; fewer words are one run.

    Hashes differ between processes; only membership within one process is asked of them.
    """
    words = text.lower().split()
    length = min(SHINGLE_WORDS, len(words))
    return frozenset(map(hash, zip(*(words[i:] for i in range(length)), strict=False)))


def without_repeats(
    documents: Iterable[tuple[Document, list[str]]], duplicate_share: float
) -> Iterator[tuple[Document, list[tuple[int, str]]]]:
    """Yield each document with the (index, chunk) pairs that do not repeat earlier documents.

    A chunk goes when more than `duplicate_share` of its five-word runs stood in documents
    before it, in whichever pool, so that no sampled text has a near-copy in the training pool.
    The order of `documents` decides which copy stays.
    """
    seen: set[int] = set()
    for document, chunks in documents:
        runs = [shingles(chunk) for chunk in chunks]
        kept = [
            (index, chunk)
            for index, (chunk, own) in enumerate(zip(chunks, runs, strict=True))
            if len(own & seen) <= duplicate_share * len(own)
        ]
        seen.update(*runs)
        yield document, kept
