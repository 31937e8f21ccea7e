"""What makes two scores the same score."""

from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest

from modelmap.models.spec import ModelSpec
from modelmap.score.identity import Identity, identify
from modelmap.score.settings import ScoreSettings
from modelmap.texts.text_set import text_set_hash

SPEC = ModelSpec(name="m", source="hub", location="org/m", family="m", kind="base")
IDENTITY = identify(SPEC, "a" * 40, "a" * 40, ScoreSettings(rule="own"), "t" * 64)
OTHER: dict[str, Any] = {
    "source": "files",
    "revision": "b" * 40,
    "tokenizer": "b" * 40,
    "rule": "prefixed",
    "dtype": "bfloat16",
    "quantisation": "int8",
    "attention": "eager",
    "max_length": 128,
    "text_set": "u" * 64,
    "scorer_version": 999,
    "trust_remote_code": True,
}


@pytest.mark.parametrize("name", [field.name for field in fields(Identity)])
def test_every_field_changes_the_fingerprint(name: str) -> None:
    """Two scores that differ in any field are two scores."""
    assert replace(IDENTITY, **{name: OTHER[name]}).fingerprint != IDENTITY.fingerprint


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("dtype", "float16"),
        ("attention", "eager"),
        ("max_length", 77),
        ("location", "org/n"),
        ("quantisation", "nf4"),
        ("trust_remote_code", True),
    ],
)
def test_what_a_model_entry_sets_reaches_the_identity(key: str, value: object) -> None:
    """What changes a model's numbers in its entry is part of the identity."""
    other = SPEC.model_copy(update={key: value})
    changed = identify(other, "a" * 40, "a" * 40, ScoreSettings(rule="own"), "t" * 64)
    assert changed.fingerprint != IDENTITY.fingerprint


def test_name_lineage_and_date_are_no_part_of_the_identity() -> None:
    """Renaming a model, moving it in the lineage or dating it re-scores nothing."""
    lineage = {"family": "x", "parent": "y", "kind": "finetune", "created": date(2024, 10, 31)}
    other = SPEC.model_copy(update={"name": "x", **lineage})
    assert identify(other, "a" * 40, "a" * 40, ScoreSettings(rule="own"), "t" * 64) == IDENTITY


def test_where_local_files_lie_is_no_part_of_the_identity() -> None:
    """A directory is known by its content."""
    one = SPEC.model_copy(update={"source": "directory", "location": "here"})
    two = SPEC.model_copy(update={"source": "zoo", "location": "there"})
    scoring = ScoreSettings(rule="own")
    assert identify(one, "c", "d", scoring, "t") == identify(two, "c", "d", scoring, "t")


def test_the_text_set_hash_knows_order_and_boundaries() -> None:
    """Swapped texts, and the same characters cut elsewhere, are other text sets."""
    assert text_set_hash(["ab", "c"]) != text_set_hash(["a", "bc"])
    assert text_set_hash(["ab", "c"]) != text_set_hash(["c", "ab"])
    assert text_set_hash(["ab", "c"]) == text_set_hash(iter(["ab", "c"]))
