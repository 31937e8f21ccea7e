"""The published data is known by the values that its authors print."""

import numpy as np
import pandas as pd
import pytest

from modelmap.plumbing.arrays import Matrix
from modelmap.published import golden
from modelmap.published.vectors import clipped_at

NAMES = [golden.LLAMA, golden.OPEN_BIO, *(f"m{i}" for i in range(golden.N_MODELS - 2))]


@pytest.fixture(scope="module")
def published() -> Matrix:
    """Return a matrix of the published shape with every printed value and otherwise made up."""
    values = np.full((golden.N_MODELS, golden.N_TEXTS), -600.0)
    flat = values[2:].reshape(-1)
    # The 2% quantile lies between 1.9% and 2.1% of all values.
    flat[: int(0.019 * values.size)] = np.linspace(-3000, -1413, int(0.019 * values.size))
    flat[int(0.019 * values.size) : int(0.021 * values.size)] = golden.CLIP
    flat[0], flat[-1] = golden.MINIMUM, golden.MAXIMUM
    values[0, :3], values[0, -3:] = golden.LLAMA_FIRST, golden.LLAMA_LAST
    values[1] = golden.OPEN_BIO_MEAN
    return values


def texts(first: tuple[object, ...] = golden.FIRST_TEXT, n_bytes: int = 9723188) -> pd.DataFrame:
    """Return what is asked of a texts table of 10,000."""
    frame = pd.DataFrame({"document_id": ["1"] * 10_000, "chunk_index": 0, "category": "a"})
    frame.loc[0, ["document_id", "chunk_index", "category"]] = first
    return frame.assign(n_bytes=[n_bytes - 9_999 * 900] + [900] * 9_999)


def test_the_printed_values_raw_and_clipped_are_the_published_data(published: Matrix) -> None:
    """Both files pass; the clipped one is recognised."""
    assert golden.is_published(NAMES, golden.N_TEXTS)
    assert clipped_at(published) is None
    assert golden.differences(published, NAMES, None) == []
    clipped = np.maximum(published, golden.CLIP)
    assert clipped_at(clipped) == golden.CLIP
    assert golden.differences(clipped, NAMES, golden.CLIP) == []


def test_a_value_off_in_its_last_printed_digit_is_told(published: Matrix) -> None:
    """Each printed value is looked at on its own, and its place is named."""
    changed = published.copy()
    changed[0, 1] += 2e-8
    told = golden.differences(changed, NAMES, None)
    assert [line.partition(" starts")[0] for line in told] == [golden.LLAMA]
    assert "-437.79926525" in told[0]
    changed[1] += 1e-4
    changed[-1, -1] = -0.01
    told = golden.differences(changed, NAMES, None)
    assert told[0] == "the largest value is -0.01, not -0.007867919746786356"
    assert told[1].startswith(f"the mean of {golden.OPEN_BIO} is -590.138397")
    assert len(told) == 3


@pytest.mark.parametrize(
    ("names", "n_texts"),
    [(NAMES[:-1], 10_000), (NAMES, 9_999), (["a", *NAMES[1:]], 10_000)],
    ids=["shape", "texts", "names"],
)
def test_data_of_another_shape_or_other_models_is_not_compared(
    names: list[str], n_texts: int
) -> None:
    """One's own file of that structure has its own values."""
    assert not golden.is_published(names, n_texts)


def test_the_published_texts_begin_and_measure_as_printed() -> None:
    """The first text's document, chunk and part, and the mean of bytes to four digits."""
    assert golden.text_differences(texts()) == []
    told = golden.text_differences(texts(("5", 237, "Gutenberg (PG-19)"), 9723189))
    assert told == [
        "the first text is ('5', 237, 'Gutenberg (PG-19)'), not "
        "('940294', 237, 'Gutenberg (PG-19)')",
        "the mean number of bytes is 972.3189, not 972.3188",
    ]
