"""Reading and writing score files, and checking that they are undamaged."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import BaseModel, Field

from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import checked, json_object, read_bytes, write_text
from modelmap.plumbing.tables import check_table, read_parquet, write_table
from modelmap.score.identity import Identity
from modelmap.score.tables import SCORES

DIGEST = "digest"
INDEX = "index.json"


class ShardFacts(BaseModel):
    """What a shard's metadata says about its model and how it was scored."""

    n_params: Annotated[int, Field(ge=1)]
    added_bos: bool
    token_budgets: list[int]
    attention: str
    packed_weights: bool


class Recorded(BaseModel):
    """What later stages use from a score file's metadata."""

    n_params: Annotated[int, Field(ge=1)]
    added_bos: bool
    revision: str
    text_set: str


def digest(frame: pd.DataFrame, identity: str, facts: str) -> str:
    """Return the sha256 of a score file's metadata, and of the names and values of its columns."""
    total = hashlib.sha256(f"{identity}\0{facts}\0".encode())
    for name in frame.columns:
        total.update(name.encode() + b"\0")
        values = frame[name].to_numpy()
        if values.dtype == object:
            total.update(np.array([len(array) for array in values]).tobytes())
            values = np.concatenate([*values, np.zeros(0, dtype=np.float32)])
        total.update(np.ascontiguousarray(values).tobytes())
    return total.hexdigest()


def write_scores(
    frame: pd.DataFrame, path: Path, identity: Identity, facts: dict[str, object]
) -> None:
    """Write a score file with its identity, a digest of its values, and `facts` as metadata.

    The file has no time in it: the same scores give the same bytes.
    """
    recorded_facts = json.dumps(facts, sort_keys=True)
    metadata = {
        "fingerprint": identity.fingerprint,
        "identity": identity.as_json(),
        "facts": recorded_facts,
        DIGEST: digest(frame, identity.as_json(), recorded_facts),
    }
    write_table(frame, SCORES, path, metadata)


def read_scores(path: Path) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return a score file's table and metadata. Raises UserError if it was cut short or edited."""
    frame, metadata = read_parquet(path)
    # The digest can be computed only of columns of the right types.
    check_table(frame, SCORES, path.name)
    identity, facts = metadata.get("identity", ""), metadata.get("facts", "")
    fingerprint = hashlib.sha256(identity.encode()).hexdigest()
    if metadata.get(DIGEST) != digest(frame, identity, facts) or (
        metadata.get("fingerprint") != fingerprint
    ):
        raise UserError(f"{path.name} is not as it was written: run `dvc repro` again")
    return frame, metadata


def recorded(metadata: Mapping[str, str], name: str) -> Recorded:
    """Return what later stages use from a score file's metadata. Raises UserError if incomplete."""
    parts = [json_object(metadata.get(key, "").encode(), name) for key in ("facts", "identity")]
    return checked(Recorded, {**parts[0], **parts[1]}, name)


def shard_facts(metadata: Mapping[str, str], name: str) -> ShardFacts:
    """Return the facts in a shard's metadata. Raises UserError if one is missing."""
    return checked(ShardFacts, json_object(metadata.get("facts", "").encode(), name), name)


def read_valid(path: Path, fingerprint: str) -> tuple[pd.DataFrame, dict[str, str]] | None:
    """Return a score file's table and metadata, or None if it is missing or not valid.

    A file is valid if it is undamaged and has this fingerprint.
    """
    if not path.is_file():
        return None
    try:
        frame, metadata = read_scores(path)
    except UserError:
        return None
    return (frame, metadata) if metadata.get("fingerprint") == fingerprint else None


def has_scores(path: Path, fingerprint: str) -> bool:
    """Return whether `path` is an undamaged score file with that fingerprint."""
    return read_valid(path, fingerprint) is not None


def stored_path(store: Path, fingerprint: str) -> Path:
    """Return the path of the finished scores with that fingerprint in the store."""
    return store / "scores" / f"{fingerprint}.parquet"


def write_index(folder: Path, fingerprints: Mapping[str, str]) -> None:
    """Write which fingerprint the score file of each name has, if it is not written already.

    Score files do not contain the name of their model, because models of equal files have equal
    scores. Without the index, a file in the place of another model's would not be noticed.
    """
    path = folder / INDEX
    text = json.dumps(dict(sorted(fingerprints.items())), indent=1) + "\n"
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)


def read_index(folder: Path) -> dict[str, str]:
    """Return the fingerprint of the score file of each name. Raises UserError if it is missing."""
    content = read_bytes(folder / INDEX, f"scores/{INDEX} is missing: run `dvc repro score`")
    return {name: str(value) for name, value in json_object(content, INDEX).items()}
