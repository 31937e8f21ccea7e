"""Metrics agree within their tolerances, and every disagreement is told."""

import json
import subprocess
from pathlib import Path

import pytest

from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.review.verify import Tolerances, differences, flattened, run

TOLERANCES = Tolerances(relative={"m.a": 0.1}, absolute={"m.b": 0.5})


@pytest.mark.parametrize(
    ("here", "agrees"),
    [
        ({"m.a": 10.9, "m.b": 1.4, "m.n": 3}, True),
        ({"m.a": 11.2, "m.b": 1.0, "m.n": 3}, False),
        ({"m.a": 10.0, "m.b": 1.6, "m.n": 3}, False),
        ({"m.a": 10.0, "m.b": 1.0, "m.n": 4}, False),
        ({"m.a": 10.0, "m.b": 1.0}, False),
        ({"m.a": 10.0, "m.b": 1.0, "m.n": 3, "m.new": 1}, False),
    ],
)
def test_only_listed_metrics_may_differ_and_only_so_far(
    here: dict[str, float], agrees: bool
) -> None:
    """A tenth off is near enough for m.a, a half for m.b, nothing for m.n."""
    found = differences(here, {"m.a": 10.0, "m.b": 1.0, "m.n": 3}, TOLERANCES)
    assert (found == []) is agrees


def test_a_pattern_stands_for_all_it_matches_and_the_widest_counts() -> None:
    """`m.at_*` allows a tenth for m.at_5, and m.at_9's own half goes further."""
    tolerances = Tolerances(relative={"m.at_*": 0.1}, absolute={"m.at_9": 5})
    committed = {"m.at_5": 10.0, "m.at_9": 10.0, "m.on": 10.0}
    here = {"m.at_5": 11.5, "m.at_9": 14.0, "m.on": 10.5}
    assert differences(here, committed, tolerances) == [
        "m.at_5 is 11.5, committed 10.0",
        "m.on is 10.5, committed 10.0",
    ]


def test_nested_metrics_are_compared_by_dotted_names() -> None:
    """Every leaf has a name of its own."""
    assert dict(flattened({"a": {"b": 1}, "c": 2}, "m")) == {"m.a.b": 1, "m.c": 2}


def test_verify_compares_the_working_tree_with_the_commit(tmp_path: Path) -> None:
    """An edited metric is named with both values; a committed one agrees."""
    metrics = tmp_path / "reports/metrics"
    metrics.mkdir(parents=True)
    (tmp_path / "reports/tolerances.yaml").write_text("relative: {m.a: 0.1}\n")
    (metrics / "m.json").write_text(json.dumps({"a": 10.0}))
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "metrics"]):
        subprocess.run([*git, *command], cwd=tmp_path, check=True)
    run(Layout(tmp_path))
    (metrics / "m.json").write_text(json.dumps({"a": 12.0}))
    with pytest.raises(UserError, match=r"m\.a is 12\.0, committed 10\.0"):
        run(Layout(tmp_path))
    (tmp_path / "reports/tolerances.yaml").unlink()
    with pytest.raises(UserError, match=r"\(git checkout -- reports/tolerances\.yaml\)"):
        run(Layout(tmp_path))
