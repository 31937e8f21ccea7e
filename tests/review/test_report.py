"""The parts of a review: what they say, in what order, and how long they may get."""

from dataclasses import replace

import numpy as np
from helpers.snapshots import matrix, places, snapshot, spec, vectors

from modelmap.review.models_text import models_text
from modelmap.review.report import metrics_text, params_text
from modelmap.review.snapshot import NOT_FOUND, Snapshot


def test_models_are_counted_named_and_shown_with_their_moves() -> None:
    """One came, one went, one was scored anew; the others stayed where they were."""
    fresh = vectors("abcdeg")
    fresh["c"] = fresh["c"] + np.linspace(0, 1, len(fresh["c"]))
    after = replace(snapshot("abcdeg"), matrix=matrix(fresh))
    text = models_text(snapshot("abcdef"), after).split("\n\n")
    assert text[0] == ("6 models before, 6 after: 1 added, 1 dropped, 1 re-scored, 4 kept.")
    assert text[1:3] == ["Added: `g`.", "Dropped: `f`."]
    rows = text[3].splitlines()[2:]
    assert len(rows) == 1
    assert rows[0].startswith("| `c` | re-scored | ")
    assert rows[0].endswith(" | 0.000 |")


def test_nothing_changed_is_said_in_a_few_words() -> None:
    """No table, no list."""
    text = models_text(snapshot("abcd"), snapshot("abcd"))
    assert text == (
        "4 models before, 4 after: 0 added, 0 dropped, 0 re-scored, 4 kept.\n\nNo model moved."
    )


def test_what_is_not_compared_is_one_line_with_its_reasons() -> None:
    """Missing tables by side and reason; the roster is compared all the same."""
    missing = {"data/matrix.parquet": NOT_FOUND, "data/map.parquet": NOT_FOUND}
    before = Snapshot({"a": spec("a"), "b": spec("b")}, missing=missing)
    text = models_text(before, snapshot("abc")).split("\n\n")
    assert text[0] == "2 models before, 3 after: 1 added, 0 dropped, 0 re-scored, 2 kept."
    assert text[-1] == (
        "Not compared: `data/matrix.parquet`, `data/map.parquet` before "
        "(`neither in the cache nor in a remote`); "
        "places on the map (fewer than 3 models in both)."
    )


def test_other_texts_are_named() -> None:
    """Why there is no KL."""
    after = replace(snapshot("abcd"), matrix=matrix(vectors("abcd"), "other texts"))
    assert models_text(snapshot("abcd"), after).endswith(
        "Not compared: log-likelihoods (other texts)."
    )


def test_a_thousand_models_are_a_short_text() -> None:
    """The twenty that changed most, in order, and how many more."""
    letters = "".join(chr(0x4E00 + i) for i in range(1018))
    names = {letter: f"m{i}" for i, letter in enumerate(letters)}
    before = places(letters).replace({"model": names})
    after = places(letters[::-1]).assign(model=before["model"])
    specs = {name: spec(name) for name in names.values()}
    many = [Snapshot(specs, places=where) for where in (before, after)]
    text = models_text(many[0], many[1])
    assert len(text) < 3000
    assert "and 998 more" in text
    shares = [float(line.split("|")[4]) for line in text.splitlines() if line.startswith("| `")]
    assert len(shares) == 20
    assert shares == sorted(shares, reverse=True)
    gone = models_text(many[0], Snapshot({}))
    assert "`m19` and 998 more." in gone


def test_metrics_in_both_come_first_and_each_has_its_change() -> None:
    """Whatever order DVC gives them in."""
    text = metrics_text(
        {
            "b.json": {"new": {"old": None, "new": 1}, "x": {"old": 1.0, "new": 1.5, "diff": 0.5}},
            "a.json": {"kind": {"old": "u|v", "new": "w"}},
        }
    )
    assert text.splitlines()[2:] == [
        "| `a.json` | `kind` | `u¦v` | `w` | - |",
        "| `b.json` | `x` | `1.0` | `1.5` | +0.5 |",
        "| `b.json` | `new` | - | `1` | - |",
    ]
    assert metrics_text({}) == "No metric changed."


def test_parameters_are_told_once() -> None:
    """resolved.yaml repeats params.yaml."""
    seed = {"old": 1, "new": 2}
    text = params_text(
        {
            "params.yaml": {"map.seed": seed},
            "resolved.yaml": {
                "map.seed": seed,
                "zoo.steps": {"old": 5, "new": 6},
            },
        }
    )
    assert text.splitlines()[2:] == [
        "| `params.yaml` | `map.seed` | `1` | `2` |",
        "| `resolved.yaml` | `zoo.steps` | `5` | `6` |",
    ]
    assert params_text({}) == "No parameter changed."


def test_the_longest_review_fits_a_comment() -> None:
    """A thousand long metrics and parameters stay below 60,000 characters together."""
    many = {
        f"{'f' * 60}.json": {
            f"{i}{'n' * 90}": {"old": "o" * 90, "new": "p" * 90} for i in range(1000)
        }
    }
    assert len(metrics_text(many)) + len(params_text(many)) < 50_000
