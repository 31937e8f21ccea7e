"""The matrix file keeps every digit, and another file is not taken for it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from modelmap.matrix.file import LogLikelihoods, read_matrix, write_matrix
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.tables import read_parquet, write_parquet


def matrix(n_texts: int = 5) -> LogLikelihoods:
    """Return a matrix whose numbers need all their digits."""
    values = -np.random.default_rng(3).gamma(2, 300, (3, n_texts))
    values[0, :4] = [-0.0, -5e-324, -1e308, -1 / 3]
    names = ["EleutherAI/pythia-14m", "z", "a"]
    return LogLikelihoods(values, names, -1412.3424912643432, 972.3188 + 1e-13, "f" * 64)


def test_values_and_what_belongs_to_them_come_back_bit_for_bit(tmp_path: Path) -> None:
    """Log-likelihoods, threshold and mean bytes keep every digit, models their order."""
    path, before = tmp_path / "m.parquet", matrix()
    write_matrix(before, path)
    after = read_matrix(path)
    assert after.loglik_nats.tobytes() == before.loglik_nats.tobytes()
    assert after.loglik_nats.dtype == np.float64
    assert after.models == before.models
    assert after.clip_threshold == before.clip_threshold
    assert after.mean_bytes == before.mean_bytes
    assert after.text_set == before.text_set
    assert after.n_texts == 5


def test_the_file_has_one_row_per_text_and_one_column_per_model(tmp_path: Path) -> None:
    """Any parquet reader sees text ids, then models by name, and the numbers in the metadata."""
    write_matrix(matrix(), tmp_path / "m.parquet")
    frame, metadata = read_parquet(tmp_path / "m.parquet")
    assert list(frame.columns) == ["text_id", "EleutherAI/pythia-14m", "z", "a"]
    assert frame["text_id"].tolist() == [0, 1, 2, 3, 4]
    assert frame["z"].tolist() == matrix().loglik_nats[1].tolist()
    assert metadata == {
        "clip_threshold": "-1412.3424912643432",
        "mean_bytes": repr(972.3188 + 1e-13),
        "n_texts": "5",
        "text_set": "f" * 64,
    }


def test_the_same_matrix_is_the_same_bytes(tmp_path: Path) -> None:
    """Nothing of the time or of the memory's layout is in the file."""
    one = matrix()
    values = np.asfortranarray(one.loglik_nats)
    other = LogLikelihoods(values, one.models, one.clip_threshold, one.mean_bytes, one.text_set)
    write_matrix(one, tmp_path / "one.parquet")
    write_matrix(other, tmp_path / "other.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "other.parquet").read_bytes()


@pytest.mark.parametrize("keep", [0, 4, 1000, -1, -500])
def test_a_torn_matrix_is_told_in_one_line(tmp_path: Path, keep: int) -> None:
    """However much of it is left, the message names the file and what to run."""
    path = tmp_path / "matrix.parquet"
    write_matrix(matrix(n_texts=500), path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UserError, match=r"matrix\.parquet is cut short or damaged.*dvc repro"):
        read_matrix(path)


def test_a_missing_matrix_is_told(tmp_path: Path) -> None:
    """The message says how to get it."""
    with pytest.raises(UserError, match=r"matrix\.parquet is missing"):
        read_matrix(tmp_path / "matrix.parquet")


@pytest.mark.parametrize("lost", ["clip_threshold", "mean_bytes", "n_texts", "text_set"])
def test_a_file_that_lacks_any_of_its_numbers_is_no_matrix(tmp_path: Path, lost: str) -> None:
    """Without its threshold, bytes, size or texts a table of numbers is not used."""
    path = tmp_path / "matrix.parquet"
    write_matrix(matrix(), path)
    frame, metadata = read_parquet(path)
    del metadata[lost]
    write_parquet(frame, path, metadata)
    with pytest.raises(UserError, match=r"matrix\.parquet is not a matrix .*dvc repro matrix"):
        read_matrix(path)


@pytest.mark.parametrize("kind", ["fewer rows", "no ids", "another table"])
def test_another_table_is_no_matrix(tmp_path: Path, kind: str) -> None:
    """A table that lost rows or ids, or is of another kind, is told to be no matrix."""
    path = tmp_path / "matrix.parquet"
    write_matrix(matrix(), path)
    frame, metadata = read_parquet(path)
    if kind == "fewer rows":
        write_parquet(frame.head(3), path, metadata)
    elif kind == "no ids":
        write_parquet(frame.drop(columns="text_id"), path, metadata)
    else:
        write_parquet(pd.DataFrame({"text_id": [0], "text": ["a"]}), path, None)
    with pytest.raises(UserError, match="is not a matrix of this project"):
        read_matrix(path)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_refused_when_it_is_read(tmp_path: Path, bad: float) -> None:
    """No distance is taken from NaN or infinity."""
    path, broken = tmp_path / "matrix.parquet", matrix()
    broken.loglik_nats[2, 3] = bad
    write_matrix(broken, path)
    with pytest.raises(UserError, match="not finite"):
        read_matrix(path)
