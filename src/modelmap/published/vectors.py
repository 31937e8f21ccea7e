"""The authors' log-likelihoods: a pickled dict with the vector of each model by name."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from modelmap.models.spec import NAME, RESERVED_NAMES
from modelmap.plumbing.arrays import Matrix, Vector
from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.tables import MAX_CELLS
from modelmap.plumbing.unpickle import PickledArray, numbers_dates_and_arrays, read_pickle

LOWEST_NATS = -1e15
"""No text has a lower log-likelihood; squared distances between much lower ones are infinite."""
CLIPPED_SHARE = 0.005
"""Share of the values equal to the smallest, from which on a matrix is taken for clipped.

Raw log-likelihoods hardly ever repeat; clipping at the 2% quantile makes 2% of them equal.
"""


def read_vectors(path: Path) -> dict[str, Vector]:
    """Return the vector of log-likelihoods of each model, in nats and in the order of the file.

    Raises UserError that names what a hostile pickle would load, or lists what is wrong.
    """
    content = read_pickle(path, numbers_dates_and_arrays())
    if not isinstance(content, dict) or not content:
        raise UserError(f"{path.name} is not a dict of log-likelihood vectors by model name")
    check_names(list(content), path.name)
    # Names that share a vector in the file share it here, too: a small file may have thousands.
    distinct = {id(value): value for value in content.values()}
    arrays = {key: _array(value) for key, value in distinct.items()}
    wrong = [name for name, value in content.items() if arrays[id(value)] is None]
    if wrong:
        raise UserError(f"{path.name}: not a vector of numbers for {listed(wrong)}")
    right = {key: array for key, array in arrays.items() if array is not None}
    n_values = sum(len(right[id(value)]) for value in content.values())
    if n_values > MAX_CELLS:
        raise UserError(f"{path.name} has {n_values} values, more than can be read")
    vectors = {key: array.astype(np.float64, copy=False) for key, array in right.items()}
    return {name: vectors[id(value)] for name, value in content.items()}


def check_names(names: Sequence[Any], file: str) -> None:
    """Raise UserError that lists invalid names of models, or names that differ only in case."""
    # Of other values only the type is shown: nested lists may have a text without end.
    wrong = [
        repr(name) if isinstance(name, str) else type(name).__name__
        for name in names
        if not isinstance(name, str) or not re.fullmatch(NAME, name) or ".." in name
    ]
    if wrong:
        raise UserError(
            f"{file}: not the name of a model: {listed(wrong)}; a name consists of letters, "
            "digits, '.', '_' and '-', with at most one '/' inside"
        )
    reserved = [name for name in names if name in RESERVED_NAMES]
    if reserved:
        raise UserError(f"{file}: names of columns that the matrix has itself: {listed(reserved)}")
    counts = Counter(name.casefold() for name in names)
    repeated = [name for name in names if counts[name.casefold()] > 1]
    if repeated:
        raise UserError(f"{file}: models whose names differ only in case: {listed(repeated)}")


def _array(value: Any) -> np.ndarray | None:
    """Return a value as a one-dimensional array, or None if it is not a vector of numbers."""
    found = value.values if isinstance(value, PickledArray) else _array_of_list(value)
    if found is None or found.ndim != 1 or found.dtype.kind not in "fiu":
        return None
    return found


def _array_of_list(value: Any) -> np.ndarray | None:
    if not isinstance(value, list | tuple) or not all(type(x) in (int, float) for x in value):
        return None
    try:
        return np.array(value, dtype=np.float64)
    except OverflowError:
        # An integer of Python has no limit.
        return None


def stacked(vectors: dict[str, Vector], n_texts: int, file: str) -> Matrix:
    """Return the matrix of log-likelihoods in nats, shape (K, N).

    Raises UserError that lists all vectors whose length is not `n_texts`, or the values that are
    not log-likelihoods.
    """
    lengths = {name: len(vector) for name, vector in vectors.items() if len(vector) != n_texts}
    if len(set(lengths.values())) == 1 and len(lengths) == len(vectors):
        (length,) = set(lengths.values())
        raise UserError(f"{file}: every vector has {length} values, and there are {n_texts} texts")
    if lengths:
        wrong = [f"{name} {length}" for name, length in lengths.items()]
        raise UserError(
            f"{file}: vectors with another length than the {n_texts} texts: "
            f"{listed(wrong, len(wrong))}"
        )
    matrix = np.stack(list(vectors.values()))
    check_log_likelihoods(matrix, list(vectors), file)
    return matrix


def check_log_likelihoods(loglik_nats: Matrix, models: Sequence[str], file: str) -> None:
    """Raise UserError that lists the models and texts with values not from LOWEST_NATS to 0."""
    # NaN is neither.
    bad = ~((loglik_nats >= LOWEST_NATS) & (loglik_nats <= 0))
    if bad.any():
        wrong = [
            f"{name} on text {listed(np.flatnonzero(row).tolist(), 3)}"
            for name, row in zip(models, bad, strict=True)
            if row.any()
        ]
        raise UserError(
            f"{file}: not a log-likelihood from {LOWEST_NATS:g} to 0 nats: {listed(wrong)}"
        )


def clipped_at(loglik_nats: Matrix) -> float | None:
    """Return the value at which a matrix was clipped from below, or None if it seems unclipped."""
    lowest = float(loglik_nats.min())
    n_lowest = int((loglik_nats == lowest).sum())
    return lowest if n_lowest >= max(2, CLIPPED_SHARE * loglik_nats.size) else None
