"""Which models a change adds, drops or scores anew, and how far each moves."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from modelmap.divergence.kl import bits_per_byte
from modelmap.map.align import aligned, map_size
from modelmap.matrix.clip_centre import clipped
from modelmap.matrix.file import LogLikelihoods
from modelmap.plumbing.arrays import Values
from modelmap.review.snapshot import Snapshot

FEWEST_PLACED = 3
"""Two models can always be laid over one another but for their distance."""
NOT_SCORED_BY = {"name", "family", "parent", "kind", "created"}
"""Parts of a model's entry that change none of its scores."""


def model_changes(before: Snapshot, after: Snapshot) -> pd.DataFrame:
    """Return one row per model of either roster: model, change, kl_bits_per_byte, moved_share.

    `change` is added, dropped, re-scored or kept. A model is re-scored if its log-likelihood
    vector, its revision or what its entry says of scoring changed. `kl_bits_per_byte` is the KL
    to its earlier self, `moved_share` its displacement on the map; NaN where that is not known.
    """
    shared = [name for name in after.specs if name in before.specs]
    added = [name for name in after.specs if name not in before.specs]
    dropped = [name for name in before.specs if name not in after.specs]
    anew, kl = _scored_anew(before, after, shared)
    moved = _moved(before, after, shared)
    nan = float("nan")
    rows = [
        (name, "re-scored" if name in anew else "kept", kl.get(name, nan), moved.get(name, nan))
        for name in shared
    ]
    rows += [(name, "added", nan, nan) for name in added]
    rows += [(name, "dropped", nan, nan) for name in dropped]
    return pd.DataFrame(rows, columns=["model", "change", "kl_bits_per_byte", "moved_share"])


def kl_to_earlier_self(
    before: LogLikelihoods, after: LogLikelihoods, names: Sequence[str]
) -> Values:
    """Return Var_s(L'[i, s] - L[i, s]) / 2 of each model, in bits per byte (P1, Eq. 5; ours).

    Both vectors are of the same texts and clipped at the later map's threshold, so that a vector
    that did not change is at 0 even where the threshold did.
    """
    old, new = (clipped(_rows(matrix, names), after.clip_threshold) for matrix in (before, after))
    return bits_per_byte((new - old).var(axis=1) / 2, after.mean_bytes)


def displacement_shares(before: Values, after: Values) -> Values:
    """Return how far each model moved over the earlier map's size, from places of shape (K, 2).

    The later map is aligned to the earlier one first: moved, turned and mirrored, not scaled.
    """
    moved: Values = np.linalg.norm(aligned(after, before) - before, axis=1) / map_size(before)
    return moved


def _scored_anew(
    before: Snapshot, after: Snapshot, shared: Sequence[str]
) -> tuple[set[str], dict[str, float]]:
    """Return the re-scored models, and the KL to its earlier self of each in both matrices."""
    anew = {
        name
        for name in shared
        if before.specs[name].model_dump(exclude=NOT_SCORED_BY)
        != after.specs[name].model_dump(exclude=NOT_SCORED_BY)
    }
    if before.revisions is not None and after.revisions is not None:
        old, new = before.revisions, after.revisions
        anew.update(name for name in _in_both(shared, old, new) if old[name] != new[name])
    if before.matrix is None or after.matrix is None:
        return anew, {}
    if before.matrix.text_set != after.matrix.text_set:
        return anew, {}
    names = _in_both(shared, before.matrix.models, after.matrix.models)
    differs = (_rows(before.matrix, names) != _rows(after.matrix, names)).any(axis=1)
    anew.update(name for name, other in zip(names, differs, strict=True) if other)
    kl = kl_to_earlier_self(before.matrix, after.matrix, names)
    return anew, dict(zip(names, kl.tolist(), strict=True))


def _moved(before: Snapshot, after: Snapshot, shared: Sequence[str]) -> dict[str, float]:
    if before.places is None or after.places is None:
        return {}
    old, new = (table.set_index("model")[["x", "y"]] for table in (before.places, after.places))
    names = _in_both(shared, old.index, new.index)
    if len(names) < FEWEST_PLACED:
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
