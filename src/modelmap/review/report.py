"""`modelmap review`: what a branch changes against its base, in Markdown."""

import sys
from collections.abc import Mapping
from typing import Any

from modelmap.plumbing.errors import MAX_MESSAGE_LENGTH, UserError
from modelmap.plumbing.layout import Layout
from modelmap.review.commands import dvc_json, merge_base
from modelmap.review.guard import UP_TO_DATE, verdict
from modelmap.review.markdown import code, table
from modelmap.review.models_text import models_text
from modelmap.review.snapshot import read_snapshot

MOST_ROWS = 60
"""Of metrics, and of parameters: the text of all parts stays far below GitHub's 65,536."""
Differences = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""What `dvc metrics diff --json` tells: file, then name, then old, new and diff."""


def run(layout: Layout, base: str) -> None:
    """Print the review of the working tree against the commit at which HEAD left `base`.

    Raises UserError, after that, if the committed lock is not up to date.
    """
    commit = merge_base(layout.root, base)
    stale = verdict(layout.root)
    lock = f"**Not up to date**: {code(stale, MAX_MESSAGE_LENGTH)}" if stale else f"{UP_TO_DATE}."
    before, after = read_snapshot(layout, commit), read_snapshot(layout, None)
    parts = [
        f"# Review against {code(base)} ({code(commit[:10])})",
        lock,
        "## Models",
        models_text(before, after),
        "## Metrics",
        metrics_text(dvc_json(layout.root, "metrics", "diff", commit)),
        "## Parameters",
        params_text(dvc_json(layout.root, "params", "diff", commit)),
    ]
    sys.stdout.write("\n\n".join(part.strip("\n") for part in parts) + "\n")
    if stale:
        raise UserError(stale)


def metrics_text(differences: Differences) -> str:
    """Return the table of changed metrics, as `dvc metrics diff` finds them."""
    rows = [
        (code(file), code(name), *_two(found), _number(found.get("diff")))
        for file, name, found in _in_order(differences)
    ]
    if not rows:
        return "No metric changed."
    return table(["file", "metric", "before", "after", "change"], rows, MOST_ROWS)


def params_text(differences: Differences) -> str:
    """Return the table of changed parameters, as `dvc params diff` finds them.

    What resolved.yaml only repeats of params.yaml is left out.
    """
    own = differences.get("params.yaml", {})
    rows = [
        (code(file), code(name), *_two(found))
        for file, name, found in _in_order(differences)
        if file != "resolved.yaml" or own.get(name) != found
    ]
    if not rows:
        return "No parameter changed."
    return table(["file", "parameter", "before", "after"], rows, MOST_ROWS)


def _in_order(differences: Differences) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Return (file, name, found), what both revisions have first: DVC's order is that of a set."""
    flat = [
        (file, name, found) for file, names in differences.items() for name, found in names.items()
    ]
    return sorted(flat, key=lambda item: (None in _values(item[2]), item[0], item[1]))


def _values(found: Mapping[str, Any]) -> tuple[Any, Any]:
    return found.get("old"), found.get("new")


def _two(found: Mapping[str, Any]) -> tuple[str, str]:
    old, new = ("-" if value is None else code(value) for value in _values(found))
    return old, new


def _number(change: Any) -> str:
    return f"{change:+.4g}" if isinstance(change, int | float) else "-"
