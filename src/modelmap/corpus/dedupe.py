"""Removal of chunks that are duplicates, or nearly so, of text in earlier documents."""

from collections.abc import Iterable, Iterator

from modelmap.corpus.document import Document

SHINGLE_WORDS = 5


def shingles(text: str) -> frozenset[int]:
    """Return the hashes of all sequences of five consecutive words, in lower case.

    A text of fewer words is one sequence.
    """
    # Python's hashes differ between processes, so they may be compared within one process only.
    words = text.lower().split()
    length = min(SHINGLE_WORDS, len(words))
    return frozenset(map(hash, zip(*(words[i:] for i in range(length)), strict=False)))


def without_duplicates(
    documents: Iterable[tuple[Document, list[str]]], duplicate_share: float
) -> Iterator[tuple[Document, list[tuple[int, str]]]]:
    """Yield each document with the (index, chunk) pairs that do not duplicate earlier documents.

    A chunk is removed if more than `duplicate_share` of its shingles (sequences of five words)
    occurred in earlier documents. So the first copy in the order of `documents` is kept.
    """
    # The earlier documents are those of both pools, so that no text that models are scored on has
    # a near-copy among the texts that the zoo is trained on.
    seen: set[int] = set()
    for document, chunks in documents:
        shingles_of_chunks = [shingles(chunk) for chunk in chunks]
        kept = [
            (index, chunk)
            for index, (chunk, own) in enumerate(zip(chunks, shingles_of_chunks, strict=True))
            if len(own & seen) <= duplicate_share * len(own)
        ]
        # Only now, so that chunks of one document are not compared with each other.
        seen.update(*shingles_of_chunks)
        yield document, kept
