"""Chunks that repeat what an earlier document said are left out."""

import pytest

from modelmap.corpus.chunk import chunk_text
from modelmap.corpus.dedupe import without_duplicates
from modelmap.corpus.document import Document


def kept(*documents: list[str], share: float = 0.5) -> list[list[int]]:
    """Return, for documents given by their chunks, the indices of the chunks that stay."""
    named = (
        (Document(f"d{i}", "c", "s", "", "", "".join(chunks)), chunks)
        for i, chunks in enumerate(documents)
    )
    made = list(without_duplicates(named, share))
    assert [document.document_id for document, _ in made] == [f"d{i}" for i in range(len(made))]
    for (_, pairs), chunks in zip(made, documents, strict=True):
        assert all(chunks[index] == chunk for index, chunk in pairs)
    return [[index for index, _ in pairs] for _, pairs in made]


FIRST = "one two three four five six"  # runs: one..five, two..six


@pytest.mark.parametrize(
    ("later", "stays"),
    [
        ("one two three four five six seven", False),  # two runs of three stood before
        ("two three four five six eight", True),  # one of two: not more than half
        ("two three four five six", False),  # its only run
        ("one two three four nine ten", True),  # four words in common are no run
        ("ONE  two\nthree\tFour five SIX", False),  # case and spacing do not count
        ("six five four three two one", True),  # order counts
    ],
)
def test_a_chunk_goes_when_more_than_half_of_its_five_word_runs_stood_before(
    later: str, stays: bool
) -> None:
    """The share is of the later chunk's own runs, and exactly half is not more than half."""
    assert kept([FIRST], [later]) == [[0], [0] if stays else []]


def test_the_first_copy_stays_whatever_it_is() -> None:
    """Of equal documents only the first in the order given keeps its chunks."""
    other = "alpha beta gamma delta epsilon"
    assert kept([FIRST], [other], [FIRST], [other, FIRST], [FIRST, "so this is all quite new"]) == [
        [0],
        [0],
        [],
        [],
        [1],
    ]


def test_what_a_left_out_chunk_said_counts_as_said() -> None:
    """A run that stood only in a chunk that went is known all the same."""
    assert kept([FIRST], [FIRST + " seven"], ["three four five six seven"]) == [[0], [], []]


def test_a_document_may_repeat_itself() -> None:
    """Only earlier documents count: a refrain stays."""
    assert kept([FIRST, FIRST]) == [[0, 1]]


def test_a_copy_cut_at_other_places_is_found() -> None:
    """A few words before a copy shift all its cuts; every chunk of the copy still goes."""
    text = " ".join(f"word{i}" for i in range(900))
    shifted = "some forty bytes that were not there yet " + text
    first, second = chunk_text(text, 1024), chunk_text(shifted, 1024)
    assert len(first) > 5
    assert not set(first) & set(second)
    assert kept(first, second) == [list(range(len(first))), []]
    assert kept(second, first) == [list(range(len(second))), []]


@pytest.mark.parametrize(
    "text", ["one two three", "word", "地図はどのモデルが近いかを示す。" * 20, "x" * 1000]
)
def test_an_exact_copy_of_fewer_than_five_words_is_found(text: str) -> None:
    """A chunk without five words, such as one in Japanese, is one run of all its words."""
    assert kept([text], [text], [text + " end"]) == [[0], [], [0]]


def test_blank_chunks_and_empty_documents_pass() -> None:
    """A chunk of no words repeats nothing, and a document of no chunks is still told."""
    assert kept([" \n "], [], [" \n "]) == [[0], [], [0]]


def test_a_share_of_one_keeps_even_copies_and_zero_keeps_no_shared_run() -> None:
    """The share is the limit on both sides: 1 removes nothing, 0 any chunk with a known run."""
    longer = FIRST + " seven eight nine ten eleven twelve"
    assert kept([FIRST], [FIRST], share=1.0) == [[0], [0]]
    assert kept([FIRST], [longer], share=0.0) == [[0], []]
    assert kept([FIRST], [longer], share=0.5) == [[0], [0]]
