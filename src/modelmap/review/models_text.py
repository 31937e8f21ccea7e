"""The part of a review that tells of models."""

import pandas as pd

from modelmap.review.markdown import code, table
from modelmap.review.moves import FEWEST_PLACED, model_changes
from modelmap.review.snapshot import Snapshot

MOST_MODELS = 20
LEAST_MOVE = 0.0005
"""Of the map's size: what is shown as more than .000."""
HEAD = ("model", "change", "KL to its earlier self, bits per byte", "moved, of the map's size")


def models_text(before: Snapshot, after: Snapshot) -> str:
    """Return which models came, went, were scored anew and moved, and what is not compared."""
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
    told = [f"{counts.get(kind, 0)} {kind}" for kind in ("added", "dropped", "re-scored", "kept")]
    return f"{len(before.specs)} models before, {len(after.specs)} after: {', '.join(told)}."


def _named(changes: pd.DataFrame, change: str) -> str:
    names = list(changes.loc[changes["change"] == change, "model"])
    if not names:
        return ""
    rest = len(names) - MOST_MODELS
    told = ", ".join(code(name) for name in names[:MOST_MODELS])
    return f"{change.capitalize()}: {told}" + (f" and {rest} more." if rest > 0 else ".")


def _moves(changes: pd.DataFrame) -> str:
    """Return the table of the models that changed or moved most, the re-scored ones first."""
    both = changes[changes["change"].isin(["re-scored", "kept"])]
    known = both["kl_bits_per_byte"].notna() | both["moved_share"].notna()
    told = both[known | (both["change"] == "re-scored")].sort_values(
        ["change", "kl_bits_per_byte", "moved_share"], ascending=False, kind="stable"
    )
    told = told[(told["change"] == "re-scored") | (told["moved_share"] >= LEAST_MOVE)]
    if told.empty:
        return "No model moved." if both["moved_share"].notna().any() else ""
    rows = [
        (
            code(row.model),
            row.change,
            _digits(row.kl_bits_per_byte, "g"),
            _digits(row.moved_share, "f"),
        )
        for row in told.itertuples()
    ]
    moved = both["moved_share"].dropna()
    median = f"\nMedian move: {moved.median():.3f} of the map's size.\n" if len(moved) else ""
    return table(HEAD, rows, MOST_MODELS) + median


def _not_compared(before: Snapshot, after: Snapshot, changes: pd.DataFrame) -> str:
    """Return one line that says what is not known, and why; empty if all is."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for when, snapshot in (("before", before), ("after", after)):
        for file, reason in snapshot.lacking.items():
            reasons.setdefault((when, reason), []).append(code(file))
    told = [
        f"{', '.join(files)} {when} ({code(reason)})" for (when, reason), files in reasons.items()
    ]
    if before.matrix and after.matrix and before.matrix.text_set != after.matrix.text_set:
        told.append("log-likelihoods (other texts)")
    shared = changes["change"].isin(["re-scored", "kept"]).sum()
    if shared < FEWEST_PLACED:
        told.append(f"places on the map (fewer than {FEWEST_PLACED} models in both)")
    return f"Not compared: {'; '.join(told)}." if told else ""


def _digits(value: float, kind: str) -> str:
    return "-" if pd.isna(value) else f"{value:.3{kind}}"
