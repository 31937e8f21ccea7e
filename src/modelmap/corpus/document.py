"""Documents, which chunks are cut from, and the pool that a document belongs to."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Document:
    """A document before it is cut into chunks."""

    document_id: str
    category: str
    source: str
    source_version: str
    source_path: str
    text: str
    licence: str = "unknown"


def in_training_pool(document_id: str, train_share: float) -> bool:
    """Return whether a document belongs to the training pool, and not to the sampling pool.

    About a share `train_share` of all documents does.
    """
    # A hash of the id decides, as a number between 0 and 1. So no seed and no other document can
    # move a document to the other pool, and the zoo need not be trained again.
    digest = hashlib.sha256(f"pool/{document_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < train_share
