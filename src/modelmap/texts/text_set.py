"""The hash by which text sets are compared."""

import hashlib
from collections.abc import Iterable

from modelmap.plumbing.errors import UserError


def text_set_hash(texts: Iterable[str]) -> str:
    """Return a hash of the texts and their order, 64 hexadecimal digits."""
    # A hash of hashes, because joined texts would hash alike wherever they are divided.
    total = hashlib.sha256()
    for text in texts:
        total.update(hashlib.sha256(text.encode("utf-8")).digest())
    return total.hexdigest()


def check_text_set(texts: Iterable[str], expected: str, name: str = "matrix.parquet") -> None:
    """Raise UserError unless the hash of the texts is `expected`, which the file `name` records."""
    if text_set_hash(texts) != expected:
        raise UserError(f"texts.parquet is not the text set of {name}: run `dvc repro`")
