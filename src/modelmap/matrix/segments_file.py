"""The file of segments' log-likelihoods, which is read without loading all of it into memory."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modelmap.matrix.file import LogLikelihoods
from modelmap.matrix.tables import SEGMENTS
from modelmap.plumbing.arrays import Indices
from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import parse_json, write_atomically
from modelmap.plumbing.tables import read_table

TENSOR = "loglik_nats"
LENGTH_BYTES = 8
"""A safetensors file begins with the length of its header, in this many bytes."""


@dataclass(frozen=True)
class SegmentLogliks:
    """The log-likelihoods of K models on the W segments of N texts."""

    loglik_nats: NDArray[np.float32]
    """Shape (K, W), in nats; NaN where a segment is not wholly scored. Memory-mapped."""
    models: list[str]
    """The names of the rows: the models that were scored, or imported with the segments of all
    texts."""
    first: Indices
    """Shape (N,): the first segment of each text."""
    n_bytes: Indices
    """Shape (W,): the UTF-8 bytes of each segment."""
    text_set: str
    """The hash of the texts."""

    def of(self, models: Sequence[str]) -> "SegmentLogliks":
        """Return the log-likelihoods of these models, in their order.

        They stay memory-mapped if these are all models in the order of the file. Raises UserError
        if some have none.
        """
        if list(models) == self.models:
            return self
        unknown = [name for name in models if name not in set(self.models)]
        if unknown:
            raise UserError(
                f"segments.safetensors has no models {listed(unknown)}: run `dvc repro matrix`"
            )
        rows = [self.models.index(name) for name in models]
        return replace(self, loglik_nats=self.loglik_nats[rows], models=list(models))


def write_segments(
    rows: Iterable[NDArray[np.float32]],
    models: Sequence[str],
    n_segments: int,
    text_set: str,
    path: Path,
) -> None:
    """Write the rows of the models, shape (n_segments,) each, as the tensor of a safetensors file.

    Rows are written one at a time. A failure leaves an earlier file as it was.
    """
    shape = [len(models), n_segments]
    header = {
        "__metadata__": {"models": json.dumps(list(models)), "text_set": text_set},
        TENSOR: {"dtype": "F32", "shape": shape, "data_offsets": [0, 4 * shape[0] * shape[1]]},
    }
    text = json.dumps(header).encode()
    # Padded with spaces, as the format allows, so that the values are aligned in memory.
    text += b" " * (-len(text) % LENGTH_BYTES)

    def write(temporary: Path) -> None:
        with temporary.open("wb") as handle:
            handle.write(len(text).to_bytes(LENGTH_BYTES, "little") + text)
            for row in rows:
                handle.write(np.ascontiguousarray(row, dtype="<f4").tobytes())

    write_atomically(path, write)


def read_segments(path: Path, table_path: Path) -> SegmentLogliks:
    """Return the log-likelihoods of a file of segments, and their texts and sizes from the table.

    Raises UserError if a file is missing or damaged, or if they are of different segments.
    """
    from safetensors import SafetensorError

    table = read_table(table_path, SEGMENTS)
    try:
        models, text_set, shape = _header(path)
    except FileNotFoundError as error:
        raise UserError(f"{path.name} is missing: run `dvc repro`") from error
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path.name} is damaged: run `dvc repro matrix`") from error
    if shape != [len(models), len(table)]:
        raise UserError(f"{path.name} is not of the segments of {table_path.name}: run `dvc repro`")
    with path.open("rb") as handle:
        offset = LENGTH_BYTES + int.from_bytes(handle.read(LENGTH_BYTES), "little")
    # A file without values cannot be mapped.
    values = (
        np.memmap(path, dtype="<f4", mode="r", offset=offset, shape=tuple(shape))
        if models and len(table)
        else np.zeros(shape, dtype=np.float32)
    )
    first = np.flatnonzero(table["segment"].to_numpy() == 0).astype(np.int64)
    return SegmentLogliks(values, models, first, table["n_bytes"].to_numpy(), text_set)


def _header(path: Path) -> tuple[list[str], str, list[int]]:
    """Return the models and the hash of the texts of a file of segments, and the tensor's shape.

    Raises ValueError or another exception if the file is not one that `write_segments` writes.
    """
    from safetensors import safe_open

    with safe_open(path, "numpy") as file:
        tensor, metadata = file.get_slice(TENSOR), file.metadata()
        # Values are read from the end of the header on, so that no other tensor may be before them.
        if list(file.keys()) != [TENSOR] or tensor.get_dtype() != "F32":
            raise ValueError("the file has another tensor")
        shape: list[int] = tensor.get_shape()
    models = parse_json(metadata["models"].encode())
    if not isinstance(models, list) or not all(isinstance(name, str) for name in models):
        raise ValueError("models are not a list of names")
    return models, metadata["text_set"], shape


def check_segments(segments: SegmentLogliks, matrix: LogLikelihoods) -> None:
    """Raise UserError unless all models of the matrix have segments, of the matrix's texts."""
    if segments.text_set != matrix.text_set:
        raise UserError(
            "segments.safetensors and matrix.parquet are of different texts: `dvc repro`"
        )
    without = [name for name in matrix.models if name not in set(segments.models)]
    if without:
        raise UserError(
            f"models without log-likelihoods of segments, because they are imported: "
            f"{listed(without)}; set divergence.estimate to papers in params.yaml"
        )
