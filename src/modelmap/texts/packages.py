"""The embedded source: real texts read from pinned installed packages."""

import hashlib
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from modelmap.errors import UserError, listed
from modelmap.texts.document import Document
from modelmap.texts.readers import READERS, documents
from modelmap.texts.settings import Corpus


def read_documents(corpus: Corpus) -> Iterator[Document]:
    """Yield the corpus's documents, category by category, in an order their ids decide.

    Raises UserError if a package is missing, has another version than `corpus` says, or a
    category has no reader.
    """
    unknown = sorted(set(corpus.categories) - set(READERS))
    if unknown:
        raise UserError(
            f"corpus.categories: no reader for {listed(unknown)}; there are {', '.join(READERS)}"
        )
    installed = _installed(corpus.packages)
    for category, names in corpus.categories.items():
        pool = [item for name in names for item in documents(installed[name], category)]
        yield from _capped(
            sorted(pool, key=lambda item: hashlib.sha256(item.document_id.encode()).digest()),
            corpus,
        )


def _capped(pool: list[Document], corpus: Corpus) -> Iterator[Document]:
    total = 0
    for document in pool:
        text = head(document.text, corpus.max_document_bytes)
        total += len(text.encode("utf-8"))
        if corpus.max_category_bytes is not None and total > corpus.max_category_bytes:
            return
        yield Document(**{**document.__dict__, "text": text})


def head(text: str, max_bytes: int | None) -> str:
    """Return the beginning of a text: at most so many UTF-8 bytes, or all of it."""
    encoded = text.encode("utf-8")
    return text if max_bytes is None else encoded[:max_bytes].decode("utf-8", errors="ignore")


def _installed(wanted: dict[str, str]) -> dict[str, Distribution]:
    found: dict[str, Distribution] = {}
    wrong: list[str] = []
    for name, version in wanted.items():
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            wrong.append(f"{name} {version} is not installed")
            continue
        if found[name].version != version:
            wrong.append(f"{name} is {found[name].version}, not {version}")
    if wrong:
        raise UserError(
            f"source packages: {listed(wrong)}; run `make setup`, "
            "or change corpus.packages in conf/corpus/packages.yaml"
        )
    return found
