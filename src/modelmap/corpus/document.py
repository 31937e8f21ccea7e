"""A document: the unit that is split into pools and that chunks are cut from."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Document:
    """One source text before it is cut."""

    document_id: str
    category: str
    source: str
    source_version: str
    source_path: str
    text: str
    licence: str = "unknown"


def in_training_pool(document_id: str, train_share: float) -> bool:
    """Return whether a document belongs to the training pool; all others may be sampled.

    The answer is a hash of the id alone, so that neither the number of texts nor a seed
    can move a document from one pool to the other.
    """
    digest = hashlib.sha256(f"pool/{document_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < train_share
