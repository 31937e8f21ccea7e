"""Which models changed, and how far: against hand-computed cases and direct definitions."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.snapshots import MEAN_BYTES, matrix, places, snapshot, spec, vectors

from modelmap.plumbing.arrays import Values
from modelmap.review.moves import displacement_shares, kl_to_earlier_version, model_changes
from modelmap.review.snapshot import Snapshot


def changes(before: Snapshot, after: Snapshot) -> dict[str, str]:
    """Return each model's change."""
    frame = model_changes(before, after)
    return dict(zip(frame["model"], frame["change"], strict=True))


def test_the_kl_to_the_earlier_self_is_half_the_variance_of_the_difference() -> None:
    """Differences 0, 2, 4, 6 have variance 5: 2.5 nats on texts of 900 bytes."""
    old = {"a": np.array([-10.0, -10, -10, -10]), "b": np.array([-9.0, -8, -7, -6])}
    new = {"b": old["b"], "a": old["a"] + [0, 2, 4, 6]}
    late = replace(matrix(new), clip_threshold=-100.0)
    kl = kl_to_earlier_version(matrix(old), late, ["a", "b"])
    assert kl == pytest.approx([2.5 / (MEAN_BYTES * np.log(2)), 0.0])


def test_both_vectors_are_clipped_at_the_later_threshold() -> None:
    """A change below the later threshold is none, and another threshold alone changes nothing."""
    old, new = {"a": np.array([-9.0, -50, -9])}, {"a": np.array([-9.0, -70, -9])}
    early = replace(matrix(old), clip_threshold=-100.0)
    late = replace(matrix(new), clip_threshold=-40.0)
    assert kl_to_earlier_version(early, late, ["a"]).tolist() == [0.0]
    same = replace(matrix(old), clip_threshold=-20.0)
    assert kl_to_earlier_version(early, same, ["a"]).tolist() == [0.0]


def test_a_map_that_is_only_turned_mirrored_and_shifted_has_not_moved() -> None:
    """Displacements are what is left after alignment."""
    before = places("abcdef")[["x", "y"]].to_numpy()
    turn = np.array([[0.0, 1.0], [1.0, 0.0]])
    assert displacement_shares(before, before @ turn + [5, -3]) == pytest.approx(np.zeros(6))


def test_displacement_is_in_shares_of_the_earlier_maps_size() -> None:
    """A square's corners lie 1 from its centre; on one of twice the size each has moved by 1."""
    before = np.array([[1.0, 0], [0, 1], [-1, 0], [0, -1]])
    assert displacement_shares(before, 2 * before) == pytest.approx(np.ones(4))
    assert displacement_shares(10 * before, 20 * before) == pytest.approx(np.ones(4))


def test_models_are_added_dropped_re_scored_or_kept() -> None:
    """By the rosters' names; a is scored anew, f goes and g comes."""
    before, after = snapshot("abcdef"), snapshot("abcdeg")
    fresh = vectors("abcdeg")
    fresh["a"] = fresh["a"] + np.linspace(0, 1, len(fresh["a"]))
    frame = model_changes(before, replace(after, matrix=matrix(fresh))).set_index("model")
    assert frame["change"].to_dict() == {
        "a": "re-scored",
        **dict.fromkeys("bcde", "kept"),
        "g": "added",
        "f": "dropped",
    }
    assert frame.loc["a", "kl_bits_per_byte"] > 0
    assert frame.loc[list("bcde"), "kl_bits_per_byte"].tolist() == [0.0] * 4
    assert frame.loc[["f", "g"]].drop(columns="change").isna().all(axis=None)
    # The five that both maps have lie where they lay.
    assert frame.loc[list("abcde"), "moved_share"].to_numpy() == pytest.approx(np.zeros(5))


def test_a_new_revision_or_entry_is_re_scored_where_there_is_no_matrix() -> None:
    """Without vectors, commits and entries tell; a family's name is no part of scoring."""
    bare = replace(snapshot("abcd"), matrix=None)
    assert bare.revisions is not None
    revisions = replace(bare, revisions={**bare.revisions, "b": "1" * 40})
    assert changes(bare, revisions) == {"a": "kept", "b": "re-scored", "c": "kept", "d": "kept"}
    entries = {
        **bare.specs,
        "c": spec("c").model_copy(update={"dtype": "float16"}),
        "d": spec("d").model_copy(update={"family": "other"}),
    }
    assert changes(bare, replace(bare, specs=entries))["c"] == "re-scored"
    assert changes(bare, replace(bare, specs=entries))["d"] == "kept"


def test_other_texts_have_no_kl_and_still_a_map() -> None:
    """Vectors on other texts are not compared; places are."""
    before = snapshot("abcd")
    after = replace(before, matrix=matrix(vectors("abcd"), "other texts"))
    frame = model_changes(before, after)
    assert frame["change"].tolist() == ["kept"] * 4
    assert frame["kl_bits_per_byte"].isna().all()
    assert frame["moved_share"].to_numpy() == pytest.approx(np.zeros(4))


@pytest.mark.parametrize("names", ["ab", "ag"])
def test_two_models_in_common_have_no_displacement(names: str) -> None:
    """Two places can always be laid over one another."""
    frame = model_changes(snapshot("abcd"), snapshot(names))
    assert frame["moved_share"].isna().all()


def test_the_displacement_agrees_with_the_least_squares_turn() -> None:
    """Against the best of many turns and mirrors, tried one by one."""
    before = places("abcde")[["x", "y"]].to_numpy()
    after = places("vwxyz")[["x", "y"]].to_numpy()
    best = min(_left(before, after, angle, side) for angle in range(3600) for side in (1, -1))
    size = np.square(before - before.mean(axis=0)).sum(axis=1).mean()
    assert np.square(displacement_shares(before, after)).mean() * size == pytest.approx(
        best, rel=1e-5
    )


def _left(before: Values, after: Values, tenths: int, side: int) -> float:
    """Return the mean squared distance after a turn by tenths of degrees, mirrored or not."""
    turn = np.radians(tenths / 10)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    placed = (after - after.mean(axis=0)) * [1, side] @ rotation + before.mean(axis=0)
    return float(np.square(placed - before).sum(axis=1).mean())


def test_an_empty_roster_before_makes_every_model_new() -> None:
    """A base without roster.yaml has no models."""
    before = replace(snapshot("ab"), specs={}, matrix=None, places=None, revisions=None)
    assert changes(before, snapshot("ab")) == {"a": "added", "b": "added"}
    assert changes(before, before) == {}
