"""Score files are whole, or known not to be."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from modelmap.plumbing.errors import UserError
from modelmap.score.identity import Identity
from modelmap.score.store import has_scores, read_scores, write_scores

IDENTITY = Identity("files", "r", "t", "own", "float32", None, "sdpa", None, "s", 1)


def scores(n: int = 4) -> pd.DataFrame:
    """Return a small score table."""
    return pd.DataFrame(
        {
            "text_id": np.arange(n),
            "loglik_nats": -np.linspace(1, 2, n) * np.pi,
            "n_tokens": np.full(n, 3),
            "truncated": np.zeros(n, dtype=bool),
            "lossless": np.ones(n, dtype=bool),
            "scored_from": np.zeros(n, dtype=np.int64),
            "scored_to": np.full(n, 9),
            "segments_nats": [np.full(k, -0.5, dtype=np.float32) for k in range(n)],
        }
    )


def test_a_score_file_gives_back_its_values_and_identity(tmp_path: Path) -> None:
    """Values come back bit for bit, with the fingerprint and the recorded facts."""
    path = tmp_path / "m.parquet"
    write_scores(scores(), path, IDENTITY, {"n_params": 5})
    frame, metadata = read_scores(path)
    pd.testing.assert_frame_equal(frame, scores())
    assert metadata["fingerprint"] == IDENTITY.fingerprint
    assert metadata["facts"] == '{"n_params": 5}'
    assert has_scores(path, IDENTITY.fingerprint)
    assert not has_scores(path, "another")


def test_the_same_scores_are_the_same_bytes(tmp_path: Path) -> None:
    """Nothing of the time or the run is in the file."""
    for name in ("a.parquet", "b.parquet"):
        write_scores(scores(), tmp_path / name, IDENTITY, {"n_params": 5})
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


@pytest.mark.parametrize("keep", [0, 1, 100, -1])
def test_a_file_cut_short_is_not_taken_for_scores(tmp_path: Path, keep: int) -> None:
    """However much of it is left, a torn file is refused in one line."""
    path = tmp_path / "m.parquet"
    write_scores(scores(), path, IDENTITY, {})
    path.write_bytes(path.read_bytes()[:keep])
    assert not has_scores(path, IDENTITY.fingerprint)
    with pytest.raises(UserError, match=r"m\.parquet.*dvc repro"):
        read_scores(path)


def test_an_edited_value_is_found(tmp_path: Path) -> None:
    """A valid parquet file with another value than was written does not hold the scores."""
    from modelmap.plumbing.tables import read_parquet, write_parquet

    path = tmp_path / "m.parquet"
    write_scores(scores(), path, IDENTITY, {})
    frame, metadata = read_parquet(path)
    frame.loc[2, "loglik_nats"] += 1e-9
    write_parquet(frame, path, metadata)
    assert not has_scores(path, IDENTITY.fingerprint)


@pytest.mark.parametrize(
    "column",
    [
        pa.array(list("abcd")),
        pa.array([0, 1, 2, 3], pa.int32()).cast(pa.date32()),
        pa.nulls(4),
        pa.array([[1.0], None, [], [2.0]], pa.list_(pa.float32())),
    ],
    ids=lambda column: str(column.type),
)
def test_segments_of_another_type_are_refused_in_one_line(tmp_path: Path, column: pa.Array) -> None:
    """Texts, dates and missing values are not log-likelihoods of segments."""
    path = tmp_path / "m.parquet"
    write_scores(scores(), path, IDENTITY, {})
    table = pq.read_table(path)
    pq.write_table(table.set_column(table.num_columns - 1, "segments_nats", column), path)
    assert not has_scores(path, IDENTITY.fingerprint)
    with pytest.raises(UserError, match=r"m\.parquet does not fit its schema: segments_nats"):
        read_scores(path)


def test_a_score_that_is_not_finite_is_never_written(tmp_path: Path) -> None:
    """NaN and infinity stop at the schema, and no file is left."""
    for bad in (np.nan, -np.inf):
        frame = scores()
        frame.loc[1, "loglik_nats"] = bad
        with pytest.raises(UserError, match="loglik_nats"):
            write_scores(frame, tmp_path / "m.parquet", IDENTITY, {})
    assert list(tmp_path.iterdir()) == []
