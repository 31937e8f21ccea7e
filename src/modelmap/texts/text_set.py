"""What makes two text sets the same."""

import hashlib
from collections.abc import Iterable


def text_set_hash(texts: Iterable[str]) -> str:
    """Return 64 hexadecimal digits that depend on every text and on their order."""
    total = hashlib.sha256()
    for text in texts:
        total.update(hashlib.sha256(text.encode("utf-8")).digest())
    return total.hexdigest()
