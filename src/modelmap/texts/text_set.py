"""What makes two text sets the same."""

import hashlib
from collections.abc import Iterable

from modelmap.plumbing.errors import UserError


def text_set_hash(texts: Iterable[str]) -> str:
    """Return 64 hexadecimal digits that depend on every text and on their order."""
    total = hashlib.sha256()
    for text in texts:
        total.update(hashlib.sha256(text.encode("utf-8")).digest())
    return total.hexdigest()


def check_text_set(texts: Iterable[str], expected: str, name: str = "matrix.parquet") -> None:
    """Raise UserError unless these are the texts whose hash the file `name` records."""
    if text_set_hash(texts) != expected:
        raise UserError(f"texts.parquet is not the text set of {name}: run `dvc repro`")
