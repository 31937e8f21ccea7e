"""The section of a review on changes of models."""

import pandas as pd

from modelmap.review.markdown import code, table
from modelmap.review.moves import MIN_PLACED, model_changes
from modelmap.review.snapshot import Snapshot

MAX_MODELS = 20
MIN_SHOWN_MOVE = 0.0005
"""Smallest displacement listed, as a share of the map's size: smaller ones would show as .000."""
HEAD = (
    "model",
    "change",
    "KL to its earlier version, bits per byte",
    "displacement, of the map's size",
)


def models_text(before: Snapshot, after: Snapshot) -> str:
    """Return the section: models added, dropped, re-scored and moved, and what was not compared."""
    changes = model_changes(before, after)
    parts = [
        _counts(before, after, changes),
        *(_named(changes, change) for change in ("added", "dropped")),
        _moves(changes),
        _not_compared(before, after, changes),
    ]
    return "\n\n".join(part for part in parts if part)


def _counts(before: Snapshot, after: Snapshot, changes: pd.DataFrame) -> str:
    counts = changes["change"].value_counts()
    parts = [f"{counts.get(kind, 0)} {kind}" for kind in ("added", "dropped", "re-scored", "kept")]
    return f"{len(before.specs)} models before, {len(after.specs)} after: {', '.join(parts)}."


def _named(changes: pd.DataFrame, change: str) -> str:
    names = list(changes.loc[changes["change"] == change, "model"])
    if not names:
        return ""
    rest = len(names) - MAX_MODELS
    shown = ", ".join(code(name) for name in names[:MAX_MODELS])
    return f"{change.capitalize()}: {shown}" + (f" and {rest} more." if rest > 0 else ".")


def _moves(changes: pd.DataFrame) -> str:
    """Return the table of the re-scored models, then of those that moved, largest changes first."""
    both = changes[changes["change"].isin(["re-scored", "kept"])]
    known = both["kl_bits_per_byte"].notna() | both["moved_share"].notna()
    shown = both[known | (both["change"] == "re-scored")].sort_values(
        ["change", "kl_bits_per_byte", "moved_share"], ascending=False, kind="stable"
    )
    shown = shown[(shown["change"] == "re-scored") | (shown["moved_share"] >= MIN_SHOWN_MOVE)]
    if shown.empty:
        return "No model moved." if both["moved_share"].notna().any() else ""
    rows = [
        (
            code(row.model),
            row.change,
            _digits(row.kl_bits_per_byte, "g"),
            _digits(row.moved_share, "f"),
        )
        for row in shown.itertuples()
    ]
    moved = both["moved_share"].dropna()
    median = (
        f"\nMedian displacement: {moved.median():.3f} of the map's size.\n" if len(moved) else ""
    )
    return table(HEAD, rows, MAX_MODELS) + median


def _not_compared(before: Snapshot, after: Snapshot, changes: pd.DataFrame) -> str:
    """Return one line with what could not be compared and why, or an empty string."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for when, snapshot in (("before", before), ("after", after)):
        for file, reason in snapshot.missing.items():
            reasons.setdefault((when, reason), []).append(code(file))
    not_compared = [
        f"{', '.join(files)} {when} ({code(reason)})" for (when, reason), files in reasons.items()
    ]
    if before.matrix and after.matrix and before.matrix.text_set != after.matrix.text_set:
        not_compared.append("log-likelihoods (other texts)")
    shared = changes["change"].isin(["re-scored", "kept"]).sum()
    if shared < MIN_PLACED:
        not_compared.append(f"places on the map (fewer than {MIN_PLACED} models in both)")
    return f"Not compared: {'; '.join(not_compared)}." if not_compared else ""


def _digits(value: float, kind: str) -> str:
    return "-" if pd.isna(value) else f"{value:.3{kind}}"
