"""Texts are given away where their licence is known to allow it, and withheld otherwise."""

import re

import pandas as pd
import pytest
import yaml
from helpers import ROOT
from helpers.archives import pinned_wheels, wheels_at_hand

from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import checked, read_yaml
from modelmap.plumbing.tables import check_table
from modelmap.published.licences import Licences, licence_table, licensed_texts, text_digest
from modelmap.published.tables import BUNDLE_TEXTS

SHIPPED = checked(Licences, read_yaml(ROOT / "conf" / "licences.yaml"), "conf/licences.yaml")
CATEGORIES: dict[str, list[str]] = yaml.safe_load(
    (ROOT / "conf" / "corpus" / "packages.yaml").read_text()
)["categories"]


def texts(*pairs: tuple[str, str]) -> pd.DataFrame:
    """Return a texts table of texts from categories and sources."""
    return pd.DataFrame(
        {
            "text_id": range(len(pairs)),
            "text": [f"text {i}" for i in range(len(pairs))],
            "category": [category for category, _ in pairs],
            "source": [source for _, source in pairs],
            "source_version": "1",
            "source_path": "p",
            "document_id": "d",
            "chunk_index": 0,
            "n_bytes": 6,
        }
    )


def test_given_texts_stay_and_withheld_ones_leave_their_digest() -> None:
    """A source in neither list, such as a file of one's own, is withheld as unknown."""
    pairs = [("readme", "numpy"), ("news", "gensim"), ("mine", "mine.jsonl"), ("code", "other")]
    frame = licensed_texts(texts(*pairs), SHIPPED)
    check_table(frame, BUNDLE_TEXTS, "t")
    assert frame["text"].tolist() == ["text 0", "", "", ""]
    assert frame["withheld"].tolist() == [False, True, True, True]
    assert frame["sha256"].tolist() == [text_digest(f"text {i}") for i in range(4)]
    assert frame["licence"].tolist()[1:] == ["unknown"] * 3
    assert licence_table(frame)["n_texts"].tolist() == [1, 1, 1, 1]


def test_the_same_package_is_given_in_one_category_and_not_in_another() -> None:
    """gensim ships Wikipedia's articles, news and newsgroups, each under other terms."""
    given = {category: SHIPPED.of(category, "gensim") for category in ("wikipedia", "newsgroups")}
    assert given == {"wikipedia": ("CC-BY-SA-3.0", True), "newsgroups": ("unknown", False)}


@pytest.mark.parametrize("source", ["texts-10k-pile.jsonl", "monology/pile-uncopyrighted"])
def test_the_piles_texts_are_withheld(source: str) -> None:
    """In every category."""
    assert not SHIPPED.of("Wikipedia (en)", source)[1]


def test_every_source_of_the_embedded_corpus_is_decided() -> None:
    """Each is given or withheld by name; licence texts are withheld whoever ships them."""
    undecided = [
        (category, source)
        for category, sources in CATEGORIES.items()
        for source in sources
        if category != "licence"
        and source not in SHIPPED.given.get(category, {})
        and source not in SHIPPED.withheld.get(category, {})
    ]
    assert undecided == []
    assert not any(SHIPPED.of("licence", source)[1] for source in CATEGORIES["licence"])


@pytest.mark.parametrize("category", ["code", "readme", "bible"])
def test_given_licences_are_those_that_the_corpus_records(category: str) -> None:
    """Of the wheels that are here: the SPDX expression, or the family's name in older metadata."""
    wheels = {**pinned_wheels(), **wheels_at_hand()}
    words = {"BSD-3-Clause": "BSD", "MIT": "MIT", "Apache-2.0": "Apache", "MPL-2.0": "MPL"}
    # matplotlib's own licence is after Python's, which its classifier names.
    words["LicenseRef-matplotlib"] = "Python Software Foundation License"
    wrong = []
    for package in sorted(SHIPPED.given[category].keys() & wheels.keys()):
        licence, stated = SHIPPED.given[category][package], wheels[package].licence
        names = {words.get(name, name) for name in re.findall(r"[A-Za-z][\w.-]+", licence)}
        names -= {"AND", "OR"}
        if licence != stated and not all(name in stated for name in names):
            wrong.append(f"{package}: {licence} is not {stated}")
    assert wrong == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"given": {"a": {"b": "unknown"}}}, "given without a known licence: a of b"),
        (
            {"given": {"a": {"b": "MIT"}}, "withheld": {"a": {"b": "MIT"}}},
            "both given and withheld: a of b",
        ),
        ({"taken": {}}, "taken: Extra inputs are not permitted"),
        ({"values": {"mine": "MIT"}}, "values.mine"),
    ],
)
def test_a_file_that_says_two_things_is_refused(change: dict[str, object], told: str) -> None:
    """Nothing is given by mistake."""
    content = {"values": {}, "given": {}, "withheld": {}, **change}
    with pytest.raises(UserError, match=re.escape(told)):
        checked(Licences, content, "conf/licences.yaml")
