"""The matrix file: values, and the numbers that every distance needs, at full precision."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from modelmap.errors import UserError
from modelmap.matrix.clip_centre import Matrix, clipped, double_centred
from modelmap.tables import read_parquet, write_parquet

TEXT_ID = "text_id"


@dataclass(frozen=True)
class LogLikelihoods:
    """Unclipped log-likelihoods in nats, shape (model, text), and what belongs to them."""

    loglik_nats: Matrix
    models: list[str]
    clip_threshold: float
    mean_bytes: float
    text_set: str

    @property
    def n_texts(self) -> int:
        return int(self.loglik_nats.shape[1])

    def coordinates(self) -> Matrix:
        """Return Q, shape (model, text): clipped at the stored threshold, then double-centred."""
        return double_centred(clipped(self.loglik_nats, self.clip_threshold))


def write_matrix(matrix: LogLikelihoods, path: Path) -> None:
    """Write one row per text and one float64 column per model."""
    frame = pd.DataFrame(matrix.loglik_nats.T, columns=matrix.models)
    frame.insert(0, TEXT_ID, np.arange(matrix.n_texts))
    metadata = {
        "clip_threshold": repr(matrix.clip_threshold),
        "mean_bytes": repr(matrix.mean_bytes),
        "n_texts": str(matrix.n_texts),
        "text_set": matrix.text_set,
    }
    write_parquet(frame, path, metadata)


def read_matrix(path: Path) -> LogLikelihoods:
    """Return the matrix of a file. Raises UserError if it is missing, torn or incomplete."""
    frame, metadata = read_parquet(path)
    needed = ["clip_threshold", "mean_bytes", "n_texts", "text_set"]
    missing = [key for key in needed if key not in metadata]
    if missing or TEXT_ID not in frame or int(metadata["n_texts"]) != len(frame):
        raise UserError(f"{path.name} is no matrix of this project: run `dvc repro matrix`")
    models = [str(name) for name in frame.columns if name != TEXT_ID]
    values = np.ascontiguousarray(frame[models].to_numpy(dtype=np.float64).T)
    if not np.isfinite(values).all():
        raise UserError(f"{path.name} holds values that are not finite: run `dvc repro matrix`")
    return LogLikelihoods(
        values,
        models,
        float(metadata["clip_threshold"]),
        float(metadata["mean_bytes"]),
        metadata["text_set"],
    )
