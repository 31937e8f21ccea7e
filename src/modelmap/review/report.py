"""`modelmap review`: print in Markdown what a branch changes compared with its base."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modelmap.plumbing.errors import MAX_MESSAGE_LENGTH, UserError
from modelmap.plumbing.layout import Layout
from modelmap.review.commands import dvc_json, merge_base
from modelmap.review.guard import UP_TO_DATE, lock_problems
from modelmap.review.map_of_moves import write_moves
from modelmap.review.markdown import code, table
from modelmap.review.models_text import models_text
from modelmap.review.snapshot import read_snapshot

MAX_ROWS = 60
"""Rows of metrics or parameters shown. The review stays far below the 65,536 characters that
GitHub accepts in a comment."""
Differences = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""The output of `dvc metrics diff --json`: by file and name, the values old, new and diff."""


def run(layout: Layout, base: str, map_file: Path | None = None) -> None:
    """Print the differences between the working tree and its latest common commit with `base`.

    The maps before and after are drawn into `map_file`, if one is named. Afterwards raises
    UserError if dvc.lock is not up to date.
    """
    commit = merge_base(layout.root, base)
    problems = lock_problems(layout.root)
    lock = (
        f"**Not up to date**: {code(problems, MAX_MESSAGE_LENGTH)}"
        if problems
        else f"{UP_TO_DATE}."
    )
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
    if map_file is not None:
        write_moves(before.places, after.places, map_file)
    sys.stdout.write("\n\n".join(part.strip("\n") for part in parts) + "\n")
    if problems:
        raise UserError(problems)


def metrics_text(differences: Differences) -> str:
    """Return the table of changed metrics, from the output of `dvc metrics diff`."""
    rows = [
        (code(file), code(name), *_old_and_new(change), _signed(change.get("diff")))
        for file, name, change in _in_order(differences)
    ]
    if not rows:
        return "No metric changed."
    return table(["file", "metric", "before", "after", "change"], rows, MAX_ROWS)


def params_text(differences: Differences) -> str:
    """Return the table of changed parameters, from the output of `dvc params diff`.

    Changes of resolved.yaml that are also changes of params.yaml are left out.
    """
    own = differences.get("params.yaml", {})
    rows = [
        (code(file), code(name), *_old_and_new(change))
        for file, name, change in _in_order(differences)
        if file != "resolved.yaml" or own.get(name) != change
    ]
    if not rows:
        return "No parameter changed."
    return table(["file", "parameter", "before", "after"], rows, MAX_ROWS)


def _in_order(differences: Differences) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Return (file, name, change), sorted, with the names that both revisions have first.

    DVC prints them in an arbitrary order.
    """
    flat = [
        (file, name, change)
        for file, names in differences.items()
        for name, change in names.items()
    ]
    return sorted(flat, key=lambda item: (None in _values(item[2]), item[0], item[1]))


def _values(change: Mapping[str, Any]) -> tuple[Any, Any]:
    return change.get("old"), change.get("new")


def _old_and_new(change: Mapping[str, Any]) -> tuple[str, str]:
    old, new = ("-" if value is None else code(value) for value in _values(change))
    return old, new


def _signed(difference: Any) -> str:
    return f"{difference:+.4g}" if isinstance(difference, int | float) else "-"
