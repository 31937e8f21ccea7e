"""Replacing a folder as a whole."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replaced(folder: Path) -> Iterator[Path]:
    """Yield an empty folder beside `folder`, and rename it to `folder` if the block succeeds.

    If anything fails, an earlier folder stays as it was, and the new one is removed.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.", suffix=".part"))
    try:
        fresh.chmod(0o755)
        yield fresh
        _swap(fresh, folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _swap(fresh: Path, folder: Path) -> None:
    # A folder that is not empty cannot be replaced in one step: the earlier one is renamed first.
    earlier = fresh.with_suffix(".old")
    if folder.exists():
        folder.rename(earlier)
    try:
        fresh.rename(folder)
    except OSError:
        if earlier.exists():
            earlier.rename(folder)
        raise
    shutil.rmtree(earlier, ignore_errors=True)
