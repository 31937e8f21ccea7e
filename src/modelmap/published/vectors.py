"""The authors' log-likelihoods: a pickle of a dict, from each model's name to its vector."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from modelmap.models.spec import NAME
from modelmap.plumbing.arrays import Matrix, Vector
from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.unpickle import PickledArray, load_allowing, numbers_dates_and_arrays

CLIPPED_SHARE = 0.005
"""Values equal to the smallest one, above which a matrix was clipped; raw values hardly repeat."""


def read_vectors(path: Path) -> dict[str, Vector]:
    """Return each model's vector of log-likelihoods in nats, in the file's order.

    Raises UserError that names what a hostile pickle would load, or lists what is wrong.
    """
    content = load_allowing(path.read_bytes(), numbers_dates_and_arrays())
    if not isinstance(content, dict) or not content:
        raise UserError(f"{path.name} is no dict of log-likelihood vectors by model name")
    check_names(list(content), path.name)
    vectors = {name: _vector(value) for name, value in content.items()}
    wrong = [name for name, vector in vectors.items() if vector is None]
    if wrong:
        raise UserError(f"{path.name}: no vector of numbers for {listed(wrong)}")
    return {name: vector for name, vector in vectors.items() if vector is not None}


def check_names(names: Sequence[Any], file: str) -> None:
    """Raise UserError that lists names that are no model's, or that stand twice but for case."""
    wrong = [
        repr(name) for name in names if not isinstance(name, str) or not re.fullmatch(NAME, name)
    ] + [repr(name) for name in names if isinstance(name, str) and ".." in name]
    if wrong:
        raise UserError(
            f"{file}: not the name of a model: {listed(wrong)}; a name is letters, digits, '.', "
            "'_' and '-', with at most one '/' inside"
        )
    counts = Counter(name.casefold() for name in names)
    doubled = [name for name in names if counts[name.casefold()] > 1]
    if doubled:
        raise UserError(f"{file}: models named twice, but for case: {listed(doubled)}")


def _vector(value: Any) -> Vector | None:
    """Return a row of numbers, or None of anything else."""
    if isinstance(value, PickledArray):
        found = value.values
    else:
        plain = isinstance(value, list | tuple) and all(type(x) in (int, float) for x in value)
        found = np.array(value, dtype=np.float64) if plain else None
    if found is None or found.ndim != 1 or found.dtype.kind not in "fiu":
        return None
    return found.astype(np.float64)


def stacked(vectors: dict[str, Vector], n_texts: int, file: str) -> Matrix:
    """Return the matrix, shape (model, text), in nats.

    Raises UserError that lists all rows of another length than the texts, or the models and
    texts whose value is not finite or above 0, which no log-likelihood is.
    """
    lengths = {name: len(vector) for name, vector in vectors.items() if len(vector) != n_texts}
    if len(set(lengths.values())) == 1 and len(lengths) == len(vectors):
        (length,) = set(lengths.values())
        raise UserError(f"{file}: every row has {length} values, and there are {n_texts} texts")
    if lengths:
        told = [f"{name} {length}" for name, length in lengths.items()]
        raise UserError(
            f"{file}: rows of other lengths than the {n_texts} texts: {listed(told, len(told))}"
        )
    matrix = np.stack(list(vectors.values()))
    check_log_likelihoods(matrix, list(vectors), file)
    return matrix


def check_log_likelihoods(loglik_nats: Matrix, models: Sequence[str], file: str) -> None:
    """Raise UserError that lists models and texts whose value is not finite, or above 0."""
    bad = ~(np.isfinite(loglik_nats) & (loglik_nats <= 0))
    if bad.any():
        places = [
            f"{name} on text {listed(np.flatnonzero(row).tolist(), 3)}"
            for name, row in zip(models, bad, strict=True)
            if row.any()
        ]
        raise UserError(f"{file}: no finite log-likelihood, 0 or below: {listed(places)}")


def clipped_at(loglik_nats: Matrix) -> float | None:
    """Return where a matrix was clipped from below, or None if it does not look clipped."""
    lowest = float(loglik_nats.min())
    n_lowest = int((loglik_nats == lowest).sum())
    return lowest if n_lowest >= max(2, CLIPPED_SHARE * loglik_nats.size) else None
