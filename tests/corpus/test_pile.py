"""The papers' draw, against its definition, and a stream of a local data set."""

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pandas as pd
import pytest

from modelmap.corpus.pile import drawn_chunks, kept_chunks, stream_documents
from modelmap.corpus.pools import sampling_pool, training_pool
from modelmap.corpus.settings import CorpusSettings
from modelmap.corpus.tables import CORPUS
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.tables import check_table
from modelmap.texts.sample import sample_texts
from modelmap.texts.settings import TextsSettings
from modelmap.texts.tables import TEXTS

Row = dict[str, Any]


def corpus(**keys: object) -> CorpusSettings:
    """Return the papers' section, drawing few, with some keys changed."""
    papers: dict[str, object] = {
        "source": "pile",
        "dataset": "some/pile",
        "min_bytes": 256,
        "max_bytes": 1024,
        "train_share": 0.0,
        "n_documents": 1000,
        "n_drawn": 40,
        "seed": 42,
    }
    return CorpusSettings.model_validate({**papers, **keys})


def documents(n: int = 50) -> list[Row]:
    """Return plain-letter documents of 0 to 5,000 bytes, each letter run its own."""
    sizes = random.Random(7)
    return [
        {
            "text": (f"{i:03d}" * 2000)[: sizes.randrange(5000)],
            "meta": {"pile_set_name": ["Pile-CC", "ArXiv", "Gutenberg (PG-19)"][i % 3]},
        }
        for i in range(n)
    ]


def chunk_list(rows: list[Row]) -> list[Row]:
    """Return the papers' list of chunks, cut by slices since one letter is one byte."""
    return [
        {
            "text": row["text"][start : start + 1024],
            "pile_set_name": row["meta"]["pile_set_name"],
            "pile_idx": pile_idx,
            "chunk_idx": start // 1024,
        }
        for pile_idx, row in enumerate(rows)
        for start in range(0, len(row["text"]), 1024)
        if len(row["text"][start : start + 1024]) > 256
    ]


def first_texts(corpus: pd.DataFrame, n_texts: int) -> pd.DataFrame:
    """Return the texts that the experiment of the papers takes of a drawn corpus."""
    sampling = TextsSettings(n_texts=n_texts, seed=0, draw="first")
    return sample_texts(sampling_pool(corpus), sampling, np.random.default_rng(0))


@pytest.mark.parametrize("n_texts", [2, 15, 40])
def test_the_draw_is_the_papers_draw(n_texts: int) -> None:
    """`random.seed(42)`, `random.sample(chunks, n_drawn)[:n]`, on the list of all kept chunks."""
    rows = documents()
    chunks = chunk_list(rows)
    random.seed(42)
    wanted = random.sample(chunks, 40)[:n_texts]
    drawn = first_texts(drawn_chunks(lambda: iter(rows), corpus()), n_texts)
    assert drawn["text"].tolist() == [chunk["text"] for chunk in wanted]
    assert drawn["category"].tolist() == [chunk["pile_set_name"] for chunk in wanted]
    assert drawn["document_id"].tolist() == [str(chunk["pile_idx"]) for chunk in wanted]
    assert drawn["chunk_index"].tolist() == [chunk["chunk_idx"] for chunk in wanted]
    assert drawn["text_id"].tolist() == list(range(n_texts))


def test_the_drawn_table_fits_the_schemas_of_corpus_and_texts() -> None:
    """The papers' chunks are a corpus like any other, with the data set as their source."""
    drawn = drawn_chunks(lambda: iter(documents()), corpus(revision="a" * 7))
    table = check_table(drawn, CORPUS, "corpus")
    assert set(table["source"]) == {"some/pile"}
    assert set(table["source_version"]) == {"a" * 7}
    first = table.iloc[0]
    place = f"pile_idx {first['document_id']} chunk_idx {first['chunk_index']}"
    assert first["source_path"] == place
    texts = check_table(first_texts(table, 10), TEXTS, "texts")
    assert texts["n_bytes"].tolist() == [len(text) for text in texts["text"]]


def test_the_drawn_chunks_train_no_zoo() -> None:
    """All of them may be scored: the message for those who would train says what to change."""
    drawn = drawn_chunks(lambda: iter(documents()), corpus())
    assert len(sampling_pool(drawn)) == len(drawn) == 40
    with pytest.raises(UserError, match=r"no training pool: choose models .* corpus\.source"):
        training_pool(drawn)


def test_fewer_texts_of_a_draw_are_its_first_and_another_seed_draws_others() -> None:
    """The number of texts cuts a draw that the seed decides."""
    rows = documents()

    def texts(n: int, seed: int) -> list[str]:
        drawn = drawn_chunks(lambda: iter(rows), corpus(seed=seed))
        return list(first_texts(drawn, n)["text"])

    assert texts(4, 42) == texts(30, 42)[:4]
    assert not set(texts(4, 42)) & set(texts(4, 43))


def test_chunks_are_numbered_within_documents_and_documents_in_the_stream() -> None:
    """Sizes are in bytes; a document of no kept chunk still has its number."""
    texts = ["x" * 2048, "x" * 100, "x" * 1300, "x" * 257, "🚀" * 300]
    rows = [{"text": text, "meta": {"pile_set_name": "s"}} for text in texts]
    made = [(c["pile_idx"], c["chunk_idx"], c["text"]) for c in kept_chunks(rows, 256, 1024)]
    assert made == [
        (0, 0, "x" * 1024),
        (0, 1, "x" * 1024),
        (2, 0, "x" * 1024),
        (2, 1, "x" * 276),
        (3, 0, "x" * 257),
        (4, 0, "🚀" * 256),
    ]


def test_a_draw_larger_than_what_it_is_drawn_from_is_refused() -> None:
    """More chunks than the data set has, and more texts than were drawn, with both numbers."""
    total = len(chunk_list(documents()))
    refused = rf"corpus\.n_drawn = 10000 is more than the data set's {total} chunks"
    with pytest.raises(UserError, match=refused):
        drawn_chunks(lambda: iter(documents()), corpus(n_drawn=10_000))
    drawn = drawn_chunks(lambda: iter(documents()), corpus())
    with pytest.raises(
        UserError, match=r"texts\.n_texts = 41 is more than the 40 texts of the cor"
    ):
        first_texts(drawn, 41)


@pytest.mark.parametrize(
    "row",
    [
        {"text": "x" * 300},
        {"text": "x" * 300, "meta": {}},
        {"text": "x" * 300, "meta": None},
        {"text": None, "meta": {"pile_set_name": "s"}},
        {"content": "x", "meta": {"pile_set_name": "s"}},
    ],
)
def test_a_data_set_without_the_piles_fields_is_told(row: Row) -> None:
    """Rows with no text or no meta.pile_set_name are another data set's: told in one line."""
    with pytest.raises(UserError, match=r"corpus\.dataset: document 1 .*pile_set_name"):
        drawn_chunks(lambda: iter([*documents(1), row]), corpus(n_drawn=2))


@pytest.fixture(scope="module")
def _datasets() -> Iterator[None]:
    """Import `datasets` without torch, which it would import only to know that it is there."""
    with pytest.MonkeyPatch.context() as patch:
        if "datasets" not in sys.modules:
            patch.setenv("USE_TORCH", "0")
        import datasets

        assert datasets.__version__
        yield


@pytest.fixture
def local_pile(tmp_path: Path) -> Path:
    """Return a directory that `datasets` reads as a data set: one JSONL file."""
    lines = (json.dumps(row) + "\n" for row in documents(20))
    (tmp_path / "pile").mkdir()
    (tmp_path / "pile" / "train.jsonl").write_text("".join(lines), encoding="utf-8")
    return tmp_path / "pile"


@pytest.mark.usefixtures("_datasets")
def test_a_local_data_set_is_streamed_up_to_the_cap_and_again(local_pile: Path) -> None:
    """The first n_documents come in file order, and each call starts a fresh stream."""
    stream = stream_documents(corpus(dataset=str(local_pile), n_documents=12))
    once, again = list(stream()), list(stream())
    assert once == again == documents(20)[:12]
    assert len(list(stream_documents(corpus(dataset=str(local_pile)))())) == 20


@pytest.mark.usefixtures("_datasets")
def test_texts_are_drawn_from_a_stream_as_from_a_list(local_pile: Path) -> None:
    """`datasets` between the file and the draw changes nothing."""
    keys = corpus(dataset=str(local_pile), n_drawn=20)
    streamed = drawn_chunks(stream_documents(keys), keys)
    listed = drawn_chunks(lambda: iter(documents(20)), keys)
    assert streamed.equals(listed)


@pytest.mark.usefixtures("_datasets")
@pytest.mark.parametrize("kind", ["missing", "split", "torn"])
def test_a_data_set_that_cannot_be_streamed_is_told_in_one_line(
    local_pile: Path, kind: str
) -> None:
    """No data set, no such split, or a torn file: named, in one line, with what to do."""
    keys: dict[str, object] = {"dataset": str(local_pile)}
    if kind == "missing":
        keys["dataset"] = str(local_pile / "gone")
    elif kind == "split":
        keys["split"] = "other"
    else:
        (local_pile / "train.jsonl").write_text('{"text": "a"}\n{"text": \n')
    with pytest.raises(UserError) as caught:
        list(stream_documents(corpus(**keys))())
    told = str(caught.value)
    assert told.startswith(f"cannot stream {keys['dataset']} (")
    assert "\n" not in told


@pytest.mark.usefixtures("_datasets")
@pytest.mark.parametrize(
    "error",
    [
        ConnectionError("no route"),
        TimeoutError("slow"),
        httpx2.ReadTimeout("slow"),
        httpx2.RemoteProtocolError("closed"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_stream_that_breaks_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Whatever the network raises half-way is told with the data set's name and the network."""

    def breaking(*_: object, **__: object) -> Iterator[Row]:
        yield documents(1)[0]
        raise error

    monkeypatch.setattr("datasets.load_dataset", breaking)
    with pytest.raises(UserError, match=r"cannot stream some/pile \(.*network"):
        list(stream_documents(corpus())())
