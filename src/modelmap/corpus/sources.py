"""The sources of a corpus. To add a source, add an entry to SOURCES."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from modelmap.corpus import jsonl, packages, pile
from modelmap.corpus.pools import corpus_table
from modelmap.corpus.settings import CorpusSettings
from modelmap.corpus.tables import CORPUS, SAMPLING
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.imported import Imported, imported_file
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_parquet


@dataclass(frozen=True)
class Request:
    """The arguments of a source: settings, paths, and the record of what was imported."""

    settings: CorpusSettings
    layout: Layout
    imported: Imported | None


def _packages(request: Request) -> pd.DataFrame:
    documents = packages.read_documents(request.settings, request.layout.archives)
    return corpus_table(documents, request.settings)


def _jsonl(request: Request) -> pd.DataFrame:
    path = request.layout.raw / str(request.settings.path)
    return corpus_table(jsonl.read_documents(path), request.settings)


def _pile(request: Request) -> pd.DataFrame:
    return pile.drawn_chunks(pile.stream_documents(request.settings), request.settings)


def _imported(request: Request) -> pd.DataFrame:
    """Return the imported texts, which have been cut already."""
    if request.imported is None:
        raise UserError("nothing is imported here: run `modelmap import`, or change experiment")
    texts, _ = read_parquet(imported_file(request.layout, request.imported, "texts"))
    return texts.assign(licence="unknown", pool=SAMPLING)[list(CORPUS.columns)]


SOURCES: dict[str, Callable[[Request], pd.DataFrame]] = {
    "packages": _packages,
    "jsonl": _jsonl,
    "pile": _pile,
    "imported": _imported,
}
