"""Replacing a folder as a whole, and the names of what is not finished yet."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

OF_EARLIER_VERSIONS = re.compile(r"\.\w+\.(parquet|csv|json|yaml)\.\w+\.part")
"""Temporary files of earlier versions, whose names have no process id.

Other hidden files with these endings, such as .env.old, are the user's.
"""


def temporary_prefix(path: Path) -> str:
    """Return how the name of a temporary neighbour of `path` begins: with this process's id."""
    return f".{path.name}.{os.getpid()}-"


def remove_leftovers(folders: Iterable[Path]) -> None:
    """Remove what killed processes of this machine were writing directly in these folders."""
    for folder in folders:
        for path in [*folder.glob(".*.part"), *folder.glob(".*.old")]:
            owner = re.search(r"\.(\d+)-[^.]*\.(part|old)$", path.name)
            if owner and not _is_running(int(owner[1])):
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            elif OF_EARLIER_VERSIONS.fullmatch(path.name) and path.is_file():
                path.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    try:
        # Signal 0 is not sent: the system only checks that it could be.
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


@contextmanager
def replaced(folder: Path) -> Iterator[Path]:
    """Yield an empty folder beside `folder`, and rename it to `folder` if the block succeeds.

    If anything fails, an earlier folder stays as it was, and the new one is removed.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(
        tempfile.mkdtemp(dir=folder.parent, prefix=temporary_prefix(folder), suffix=".part")
    )
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
