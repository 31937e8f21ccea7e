"""The training pool and the sampled texts never meet."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from modelmap.corpus import stage as corpus_stage
from modelmap.corpus.chunk import chunk_text
from modelmap.corpus.document import Document, in_training_pool
from modelmap.corpus.pools import corpus_table, sampling_pool, training_pool
from modelmap.corpus.settings import CorpusSettings
from modelmap.corpus.tables import CORPUS as CORPUS_SCHEMA
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import check_table, read_table
from modelmap.texts import stage as texts_stage
from modelmap.texts.tables import TEXTS

N_DOCUMENTS = 60
CORPUS: dict[str, Any] = {
    "source": "jsonl",
    "path": "texts.jsonl",
    "min_bytes": 256,
    "max_bytes": 1024,
    "train_share": 0.5,
    "duplicate_share": 0.5,
}
PIN = {"version": "1.0", "sha256": "0" * 64}
Rows = list[dict[str, object]]


def document(number: int, n_words: int = 200) -> str:
    """Return about 2,500 bytes of words that no other number has."""
    return " ".join(f"word{i}of{number:02d}é" for i in range(n_words))


def rows() -> Rows:
    """Return documents of two categories, each with its own id."""
    return [
        {"text": document(i), "category": "ab"[i % 2], "document_id": f"doc-{i}"}
        for i in range(N_DOCUMENTS)
    ]


def first_id(*, training: bool) -> str:
    """Return the first id that is in the training pool, or the first that is not."""
    ids = (f"id-{i}" for i in range(1000))
    return next(name for name in ids if in_training_pool(name, 0.5) is training)


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Layout]:
    """Return a function that makes a project of given rows, with a resolved.yaml."""

    def make(lines: Rows, corpus: dict[str, Any] = CORPUS, **sampling: object) -> Layout:
        layout = Layout(tmp_path)
        layout.raw.mkdir(parents=True, exist_ok=True)
        text = "".join(json.dumps(row) + "\n" for row in lines)
        (layout.raw / "texts.jsonl").write_text(text, encoding="utf-8")
        drawn = {"n_texts": "all", "seed": 1, **sampling}
        sections = {"corpus": corpus, "imported": {}, "texts": drawn}
        layout.resolved.write_text(yaml.safe_dump(sections), encoding="utf-8")
        return layout

    return make


def run_stages(layout: Layout) -> pd.DataFrame:
    """Run the stages corpus and texts of a project and return its texts."""
    corpus_stage.run(layout)
    texts_stage.run(layout)
    return read_table(layout.texts, TEXTS)


def train_of(layout: Layout) -> dict[str, list[str]]:
    """Return the training pool of a project as the zoo is given it."""
    return training_pool(read_table(layout.corpus, CORPUS_SCHEMA))


@pytest.mark.parametrize(
    ("document_id", "place"),
    [("doc-0", 0.439222), ("doc-1", 0.263960), ("news/gensim/1", 0.700668)],
)
def test_a_documents_place_between_the_pools_never_changes(document_id: str, place: float) -> None:
    """Pinned: another split would train and score everything anew."""
    assert in_training_pool(document_id, place + 1e-6)
    assert not in_training_pool(document_id, place - 1e-6)


@settings(deadline=None)
@given(st.text(max_size=20), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_training_share_only_adds_documents(name: str, one: float, other: float) -> None:
    """Shares 0 and 1 are none and all; in between the pools are nested."""
    small, large = sorted((one, other))
    assert in_training_pool(name, large) or not in_training_pool(name, small)
    assert not in_training_pool(name, 0.0)
    assert in_training_pool(name, 1.0)


def test_the_training_share_is_met() -> None:
    """Of 4,000 ids, 60% are in the training pool, within four standard deviations."""
    inside = sum(in_training_pool(f"document {i}", 0.6) for i in range(4000))
    assert abs(inside - 2400) < 4 * (4000 * 0.6 * 0.4) ** 0.5


def test_the_number_of_texts_and_the_seed_change_no_training_document(
    project: Callable[..., Layout],
) -> None:
    """Draws that differ leave the training pool as it is, and no drawn text stands in it."""
    pools, draws = [], []
    for sampling in (
        {"n_texts": 5, "seed": 1},
        {"n_texts": 5, "seed": 2},
        {"n_texts": 20, "seed": 1, "shares": {"a": 0.5, "b": 0.5}},
        {"n_texts": "all", "seed": 3},
    ):
        layout = project(rows(), **sampling)
        texts = run_stages(layout)
        pools.append(train_of(layout))
        draws.append(tuple(texts["text"]))
        everything = "\n".join(text for pool in pools[-1].values() for text in pool)
        assert not any(text in everything for text in texts["text"])
        trained = {name for name in (f"doc-{i}" for i in range(60)) if in_training_pool(name, 0.5)}
        assert not trained & set(texts["document_id"])
    assert all(pool == pools[0] for pool in pools)
    assert len(set(draws)) == len(draws)
    assert sum(len(pool) for pool in pools[0].values()) == len(trained)


def test_every_document_is_in_one_pool_and_whole_there(project: Callable[..., Layout]) -> None:
    """Training texts are whole documents; the sampled rest is every kept chunk of the others."""
    layout = project(rows())
    texts = run_stages(layout)
    expected_train: dict[str, list[str]] = {}
    expected_texts = []
    for row in rows():
        name, text = str(row["document_id"]), str(row["text"])
        if in_training_pool(name, 0.5):
            expected_train.setdefault(str(row["category"]), []).append(text)
        else:
            chunks = enumerate(chunk_text(text, 1024))
            expected_texts += [(name, i, c) for i, c in chunks if len(c.encode()) > 256]
    assert train_of(layout) == expected_train
    columns = texts[["document_id", "chunk_index", "text"]]
    assert list(columns.itertuples(index=False, name=None)) == expected_texts
    assert texts["n_bytes"].tolist() == [len(text.encode()) for text in texts["text"]]


def test_metrics_count_texts_documents_and_categories(project: Callable[..., Layout]) -> None:
    """The texts stage tells how many texts of how many documents it drew, from how many."""
    layout = project(rows(), n_texts=10, shares={"a": 0.3, "b": 0.7})
    texts = run_stages(layout)
    metrics = json.loads(layout.metrics("texts").read_text())
    pool = sampling_pool(read_table(layout.corpus, CORPUS_SCHEMA))
    assert metrics == {
        "n_texts": 10,
        "n_pool": len(pool),
        "n_documents": len(set(texts["document_id"])),
        "mean_bytes": pytest.approx(sum(len(t.encode()) for t in texts["text"]) / 10, abs=1e-4),
        "by_category": {"a": 3, "b": 7},
    }


@pytest.mark.parametrize("first_trains", [True, False])
def test_near_duplicates_are_removed_across_the_pools(
    project: Callable[..., Layout], first_trains: bool
) -> None:
    """The first copy stays, in whichever pool; its shifted copy in the other pool goes."""
    first, second = first_id(training=first_trains), first_id(training=not first_trains)
    sampled, filler = "doc-2", document(99)
    assert not in_training_pool(sampled, 0.5)
    copy = "a few words that move every cut. " + document(7)
    layout = project(
        [
            {"text": document(7), "document_id": first},
            {"text": copy, "document_id": second},
            {"text": filler, "document_id": sampled},
        ]
    )
    texts = run_stages(layout)
    trained = "".join(text for pool in train_of(layout).values() for text in pool)
    if first_trains:
        assert set(texts["document_id"]) == {sampled}
        assert trained == document(7)
    else:
        assert set(texts["document_id"]) == {first, sampled}
        assert trained == ""


def test_without_a_duplicate_share_nothing_is_removed(project: Callable[..., Layout]) -> None:
    """A corpus that names no share keeps its copies."""
    layout = project(
        [
            {"text": document(7), "document_id": first_id(training=True)},
            {"text": document(7), "document_id": first_id(training=False)},
        ],
        {**CORPUS, "duplicate_share": None},
    )
    assert "".join(run_stages(layout)["text"]) == document(7)
    assert train_of(layout) == {"texts.jsonl": [document(7)]}


def test_a_text_of_exactly_the_minimum_is_not_sampled(project: Callable[..., Layout]) -> None:
    """Of documents of 256 and 257 bytes only the longer is a text."""
    name = first_id(training=False)
    lines: Rows = [{"text": "x" * n, "document_id": name} for n in (256, 257, 255, 257)]
    layout = project(lines, {**CORPUS, "duplicate_share": None})
    assert run_stages(layout)["n_bytes"].tolist() == [257, 257]


@pytest.mark.parametrize("lines", [[], [{"text": "too short"}]])
def test_a_corpus_without_texts_is_told(project: Callable[..., Layout], lines: Rows) -> None:
    """No kept chunk at all is an error in one line, and no table is written."""
    layout = project(lines)
    with pytest.raises(UserError, match=r"no text of more than 256 bytes.*corpus\.train_share"):
        corpus_stage.run(layout)
    assert not layout.corpus.exists()


def test_the_corpus_holds_both_pools_with_where_each_text_is_from(
    project: Callable[..., Layout],
) -> None:
    """Every document is in the pool of its id; the metrics count documents and texts by pool."""
    layout = project(rows())
    corpus_stage.run(layout)
    corpus = read_table(layout.corpus, CORPUS_SCHEMA)
    for name, pool in zip(corpus["document_id"], corpus["pool"], strict=True):
        assert pool == ("training" if in_training_pool(name, 0.5) else "sampling")
    assert set(corpus["source"]) == {"texts.jsonl"}
    assert set(corpus["licence"]) == {"unknown"}
    places = {str(row["document_id"]): f"#{i}" for i, row in enumerate(rows(), start=1)}
    assert corpus["source_path"].tolist() == [places[name] for name in corpus["document_id"]]
    by_pool = corpus.groupby("pool")
    assert json.loads(layout.metrics("corpus").read_text()) == {
        "n_documents": by_pool["document_id"].nunique().to_dict(),
        "n_texts": by_pool.size().to_dict(),
    }


def test_the_same_documents_give_the_same_corpus(project: Callable[..., Layout]) -> None:
    """The table is the same to the last byte."""
    layout = project(rows())
    files = []
    for _ in range(2):
        corpus_stage.run(layout)
        files.append(layout.corpus.read_bytes())
    assert files[0] == files[1]


def test_a_training_document_of_repeats_alone_keeps_its_place() -> None:
    """It is an empty text: the order of the zoo's training depends on the number of documents."""
    first, second = [name for name in map(str, range(99)) if in_training_pool(name, 0.5)][:2]
    sampled = first_id(training=False)
    made = [
        Document(name, "c", "s", "", f"#{i}", text)
        for i, (name, text) in enumerate(
            [(first, document(1)), (second, document(1)), (sampled, document(2))]
        )
    ]
    table = check_table(corpus_table(made, CorpusSettings(**CORPUS)), CORPUS_SCHEMA, "corpus")
    assert training_pool(table) == {"c": [document(1), ""]}


def test_a_corpus_without_a_training_pool_cannot_train(project: Callable[..., Layout]) -> None:
    """As where texts are drawn elsewhere: the message says what to change."""
    layout = project(rows(), {**CORPUS, "train_share": 0.0})
    corpus_stage.run(layout)
    with pytest.raises(UserError, match=r"no training pool: .*corpus\.source.*train_share"):
        train_of(layout)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"path": None}, "also needs path"),
        ({"source": "packages"}, "also needs packages, categories"),
        ({"source": "pile"}, "also needs dataset, n_documents, n_drawn, seed"),
        ({"source": "web"}, "packages"),
        ({"train_share": 1.5}, "train_share"),
        ({"max_bytes": 3}, "max_bytes"),
        ({"chunk_bytes": 3}, "chunk_bytes"),
        (
            {"source": "packages", "packages": {"a": PIN}, "categories": {"code": ["a", "b"]}},
            "packages that are not pinned: b",
        ),
        (
            {"source": "packages", "packages": {"a": "1.0"}, "categories": {"code": ["a"]}},
            r"packages\.a",
        ),
        *(
            (
                {"source": "packages", "packages": {name: PIN}, "categories": {"code": [name]}},
                "String should match pattern",
            )
            for name in ("../a", "a b", "-r", "a\nb", "")
        ),
    ],
)
def test_a_corpus_that_lacks_a_key_or_has_a_wrong_one_is_refused(
    keys: dict[str, object], told: str
) -> None:
    """What is wrong with the section is named."""
    with pytest.raises(ValueError, match=told):
        CorpusSettings.model_validate({**CORPUS, **keys})
