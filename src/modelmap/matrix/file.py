"""The matrix file: log-likelihoods, and in its metadata the numbers that distances depend on.

The numbers are stored as text at full precision, because rounding them would change distances.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import BaseModel, Field, FiniteFloat

from modelmap.matrix.clip_centre import clipped, double_centred
from modelmap.matrix.tables import MODELS
from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import checked
from modelmap.plumbing.tables import check_models, read_parquet, read_table, write_parquet

TEXT_ID = "text_id"


class _Metadata(BaseModel):
    """The metadata of a matrix file."""

    clip_threshold: FiniteFloat
    mean_bytes: Annotated[FiniteFloat, Field(gt=0)]
    n_texts: Annotated[int, Field(ge=1)]
    text_set: str


@dataclass(frozen=True)
class LogLikelihoods:
    """The log-likelihood matrix of K models and N texts, of the models that have all texts."""

    loglik_nats: Matrix
    """Shape (K, N), in nats, not clipped."""
    models: list[str]
    """The names of the rows."""
    clip_threshold: float
    """In nats."""
    mean_bytes: float
    """The mean number of UTF-8 bytes of a text."""
    text_set: str
    """The hash of the texts."""

    @property
    def n_texts(self) -> int:
        return int(self.loglik_nats.shape[1])

    def coordinates(self) -> Matrix:
        """Return Q, shape (K, N): the matrix clipped at `clip_threshold` and double-centred."""
        return double_centred(clipped(self.loglik_nats, self.clip_threshold))


def write_matrix(matrix: LogLikelihoods, path: Path) -> None:
    """Write the matrix with one row per text and one float64 column per model."""
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
    """Return the matrix of a file. Raises UserError if it is missing, damaged or incomplete."""
    frame, metadata = read_parquet(path)
    models = [name for name in frame.columns if name != TEXT_ID]
    try:
        known = checked(_Metadata, metadata, path.name)
    except UserError:
        known = None
    if known is None or not _is_table_of(frame, known.n_texts, models):
        raise UserError(f"{path.name} is not a matrix of this project: run `dvc repro matrix`")
    values = np.ascontiguousarray(frame[models].to_numpy(dtype=np.float64).T)
    if not np.isfinite(values).all():
        raise UserError(f"{path.name} holds values that are not finite: run `dvc repro matrix`")
    return LogLikelihoods(values, models, known.clip_threshold, known.mean_bytes, known.text_set)


def read_matrix_models(path: Path, matrix: LogLikelihoods) -> pd.DataFrame:
    """Return the rows of the table MODELS that are models of the matrix, in its order.

    Raises UserError if the table is missing or damaged, or if the models with all texts are others.
    """
    models = read_table(path, MODELS)
    complete = models[models["n_texts"] == matrix.n_texts].set_index("model", drop=False)
    check_models(complete["model"], matrix.models, path.name)
    return complete.loc[matrix.models].reset_index(drop=True)


def _is_table_of(frame: pd.DataFrame, n_texts: int, models: list[str]) -> bool:
    """Return whether a frame has one row per text, in order, and one float64 column per model."""
    return (
        bool(models)
        and frame.columns.is_unique
        and len(frame) == n_texts
        and frame.get(TEXT_ID, pd.Series()).tolist() == list(range(n_texts))
        and all(dtype == np.float64 for dtype in frame[models].dtypes)
    )
