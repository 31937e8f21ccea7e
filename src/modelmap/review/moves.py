"""The models that a change adds, drops or re-scores, and how far each one moves on the map."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from modelmap.divergence.kl import bits_per_byte
from modelmap.map.align import aligned, map_size
from modelmap.matrix.clip_centre import clipped
from modelmap.matrix.file import LogLikelihoods
from modelmap.plumbing.arrays import Values
from modelmap.review.snapshot import Snapshot

MIN_PLACED = 3
"""Smallest number of models for which maps are compared: two can always be aligned in direction."""
NOT_FOR_SCORING = {"name", "family", "parent", "kind", "created"}
"""Keys of a model's entry that its scores do not depend on."""


def model_changes(before: Snapshot, after: Snapshot) -> pd.DataFrame:
    """Return one row per model of the two rosters.

    Columns are model; change, which is added, dropped, re-scored or kept; kl_bits_per_byte, the KL
    to the earlier version of the model; and moved_share, its displacement as a share of the map's
    size. Unknown values are NaN. A model is re-scored if its log-likelihood vector, its revision,
    or a key of its entry that scores depend on has changed.
    """
    shared = [name for name in after.specs if name in before.specs]
    added = [name for name in after.specs if name not in before.specs]
    dropped = [name for name in before.specs if name not in after.specs]
    rescored, kl = _rescored(before, after, shared)
    moved = _moved(before, after, shared)
    nan = float("nan")
    rows = [
        (name, "re-scored" if name in rescored else "kept", kl.get(name, nan), moved.get(name, nan))
        for name in shared
    ]
    rows += [(name, "added", nan, nan) for name in added]
    rows += [(name, "dropped", nan, nan) for name in dropped]
    return pd.DataFrame(rows, columns=["model", "change", "kl_bits_per_byte", "moved_share"])


def kl_to_earlier_version(
    before: LogLikelihoods, after: LogLikelihoods, names: Sequence[str]
) -> Values:
    """Return the KL estimate between both versions of each model, in bits per byte.

    It is Var_s(L'_is - L_is) / 2 as between two models (Oyama et al. 2025, ACL, Equation 5). Both
    matrices must have the same texts.
    """
    # Both are clipped at the later threshold. With their own thresholds, a model that did not
    # change would get a KL above 0 wherever the threshold did.
    old, new = (clipped(_rows(matrix, names), after.clip_threshold) for matrix in (before, after))
    return bits_per_byte((new - old).var(axis=1) / 2, after.mean_bytes)


def displacement_shares(before: Values, after: Values) -> Values:
    """Return how far each model moved, as a share of the earlier map's size, shape (K,).

    `before` and `after` are places, shape (K, 2). The later map is first aligned to the earlier
    one: shifted and rotated or reflected, but not scaled.
    """
    moved: Values = np.linalg.norm(aligned(after, before) - before, axis=1) / map_size(before)
    return moved


def _rescored(
    before: Snapshot, after: Snapshot, shared: Sequence[str]
) -> tuple[set[str], dict[str, float]]:
    """Return the re-scored models, and the KL to the earlier version of models in both matrices."""
    rescored = {
        name
        for name in shared
        if before.specs[name].model_dump(exclude=NOT_FOR_SCORING)
        != after.specs[name].model_dump(exclude=NOT_FOR_SCORING)
    }
    if before.revisions is not None and after.revisions is not None:
        old, new = before.revisions, after.revisions
        rescored.update(name for name in _in_both(shared, old, new) if old[name] != new[name])
    if before.matrix is None or after.matrix is None:
        return rescored, {}
    if before.matrix.text_set != after.matrix.text_set:
        return rescored, {}
    names = _in_both(shared, before.matrix.models, after.matrix.models)
    differs = (_rows(before.matrix, names) != _rows(after.matrix, names)).any(axis=1)
    rescored.update(name for name, other in zip(names, differs, strict=True) if other)
    kl = kl_to_earlier_version(before.matrix, after.matrix, names)
    return rescored, dict(zip(names, kl.tolist(), strict=True))


def _moved(before: Snapshot, after: Snapshot, shared: Sequence[str]) -> dict[str, float]:
    if before.places is None or after.places is None:
        return {}
    old, new = (table.set_index("model")[["x", "y"]] for table in (before.places, after.places))
    names = _in_both(shared, old.index, new.index)
    if len(names) < MIN_PLACED:
        return {}
    shares = displacement_shares(old.loc[names].to_numpy(), new.loc[names].to_numpy())
    return dict(zip(names, shares.tolist(), strict=True))


def _in_both(names: Sequence[str], first: Iterable[str], second: Iterable[str]) -> list[str]:
    known = set(first) & set(second)
    return [name for name in names if name in known]


def _rows(matrix: LogLikelihoods, names: Sequence[str]) -> Values:
    position = {name: i for i, name in enumerate(matrix.models)}
    rows: Values = matrix.loglik_nats[[position[name] for name in names]]
    return rows
