"""Score files: what they hold, whether they are whole, and the store that keeps them all."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import BaseModel, Field

from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import checked, json_object
from modelmap.plumbing.tables import check_table, read_parquet, write_table
from modelmap.score.identity import Identity
from modelmap.score.tables import SCORES

DIGEST = "digest"


class ShardFacts(BaseModel):
    """What a shard's metadata says beside its identity."""

    n_params: Annotated[int, Field(ge=1)]
    added_bos: bool
    token_budgets: list[int]


class Recorded(BaseModel):
    """What later stages take from a score file beside its values."""

    n_params: Annotated[int, Field(ge=1)]
    added_bos: bool
    revision: str
    text_set: str


def digest(frame: pd.DataFrame) -> str:
    """Return a hash of every value of a score table."""
    total = hashlib.sha256()
    for name in frame.columns:
        total.update(name.encode() + b"\0" + np.ascontiguousarray(frame[name].to_numpy()).tobytes())
    return total.hexdigest()


def write_scores(
    frame: pd.DataFrame, path: Path, identity: Identity, facts: dict[str, object]
) -> None:
    """Write a score file with its identity, a digest of its values, and what was recorded."""
    metadata = {
        "fingerprint": identity.fingerprint,
        "identity": identity.as_json(),
        "facts": json.dumps(facts, sort_keys=True),
        DIGEST: digest(frame),
    }
    write_table(frame, SCORES, path, metadata)


def read_scores(path: Path) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return a score file's table and metadata. Raises UserError if it is torn or edited."""
    frame, metadata = _undamaged(path)
    check_table(frame, SCORES, path.name)
    return frame, metadata


def _undamaged(path: Path) -> tuple[pd.DataFrame, dict[str, str]]:
    frame, metadata = read_parquet(path)
    if metadata.get(DIGEST) != digest(frame):
        raise UserError(f"{path.name} does not hold what was written: run `dvc repro` again")
    return frame, metadata


def recorded(metadata: Mapping[str, str], name: str) -> Recorded:
    """Return what a score file's metadata records. Raises UserError if anything is missing."""
    parts = [json_object(metadata.get(key, "").encode(), name) for key in ("facts", "identity")]
    return checked(Recorded, {**parts[0], **parts[1]}, name)


def shard_facts(metadata: Mapping[str, str], name: str) -> ShardFacts:
    """Return what a shard's metadata says. Raises UserError if anything is missing."""
    return checked(ShardFacts, json_object(metadata.get("facts", "").encode(), name), name)


def read_whole(path: Path, fingerprint: str) -> tuple[pd.DataFrame, dict[str, str]] | None:
    """Return a score file's table and metadata, or None if it is not whole or not of that kind."""
    if not path.is_file():
        return None
    try:
        frame, metadata = _undamaged(path)
    except UserError:
        return None
    return (frame, metadata) if metadata.get("fingerprint") == fingerprint else None


def holds(path: Path, fingerprint: str) -> bool:
    """Return whether `path` is a whole score file of that fingerprint."""
    return read_whole(path, fingerprint) is not None


def stored(store: Path, fingerprint: str) -> Path:
    """Return where the store keeps the finished scores of a fingerprint."""
    return store / "scores" / f"{fingerprint}.parquet"
